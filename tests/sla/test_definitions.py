"""Definitions: versions that never move running clocks, checks with pointers, moves by hand."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.sla.conftest import MONDAY, OFFICE, World, hours, phase, promise
from wfweb.audit.models import AuditEvent
from wfweb.calendars import service as calendars
from wfweb.calendars.errors import InUse
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.sla import by_hand, definitions
from wfweb.sla.errors import ClockEnded, ClockHeld


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"target": 0}, "/target"),
        ({"target": "999999999", "unit": "hours"}, "/target"),
        ({"target": "many"}, "/target"),
        ({"calendar": "nowhere"}, "/calendar"),
        ({"record_type": "elephant"}, "/record_type"),
        ({"subject_type": "planet"}, "/subject_type"),
        ({"metric": "happiness"}, "/metric"),
        ({"colour": "red"}, "/colour"),
        ({"levels": {"YELLOW": "85%"}}, "/levels"),
        ({"critical": "9"}, "/levels"),
        ({"start": {"field": "nothing"}}, "/start/field"),
        ({"stop": {"when": {"field": "phase", "operator": ">", "value": "a"}}}, "/stop/when"),
        ({"pause": [{"reason": "Both", "when": {}, "field": "phase"}]}, "/pause/0"),
        (
            {"pause": [{"reason": "x", "when": phase("a")}, {"reason": "y", "field": "no"}]},
            "/pause/1",
        ),
        ({"time_zone": {"from": "fixed", "zone": "Mars/Base"}}, "/time_zone/zone"),
        ({"time_zone": {"from": "fixed"}}, "/time_zone"),
        ({"team": "nobody"}, "/team"),
        ({"actions": {"RED": [{"do": "reassign", "to": "nobody"}]}}, "/actions/RED/0/to"),
        ({"actions": {"PINK": []}}, "/actions/PINK"),
    ],
)
def test_a_wrong_place_is_named(world: World, changes: dict[str, Any], pointer: str):
    with pytest.raises(ValidationFailed) as refused:
        world.define(**changes)
    assert any(error.pointer.startswith(pointer) for error in refused.value.errors)


def test_only_those_who_may_edit_save(world: World):
    with pytest.raises(Forbidden), transaction(actor=world.people.rui.actor):
        definitions.save_definition(promise())


def test_saving_the_same_again_makes_no_version(world: World):
    world.define()
    world.define()
    with transaction(actor=world.people.alma.actor):
        found = definitions.find("decide_order")
        assert (found.current_version, len(definitions.versions_of(found))) == (1, 1)
        with pytest.raises(Conflict):
            definitions.save_definition(promise(target=9), expected_version=found.version + 1)


def test_an_edit_moves_no_running_clock_until_somebody_moves_it(world: World):
    world.define()
    order = world.order()
    world.edit(order, MONDAY + hours(1), phase="waiting")
    world.edit(order, MONDAY + hours(3), phase="back")
    world.sweep(MONDAY + hours(7))
    before = world.clock(order)
    assert (before.level, before.due_at) == ("YELLOW", MONDAY + hours(24 + 2))
    world.define(target=16, stop={"when": phase("closed")})
    world.edit(order, MONDAY + hours(7), priority=1)
    kept = world.clock(order)
    assert (kept.due_at, kept.version_id) == (before.due_at, before.version_id)
    with clock.at(MONDAY + hours(7)), transaction(actor=world.people.alma.actor):
        by_hand.move(before.id, 2)
    moved = world.clock(order)
    # Sixteen hours, of which five are used; the two of the pause still do not count.
    assert (moved.level, moved.round, moved.target_seconds) == ("GREEN", 2, 16 * 3600)
    assert moved.due_at == MONDAY + hours(48 + 2)
    assert [s.reason for s in world.segments(moved) if s.round == 2 and s.kind == "pause"] == [
        "Waiting for the customer"
    ]
    with transaction(actor=world.people.alma.actor):
        query = select(AuditEvent).where(AuditEvent.target_id == moved.id).order_by(AuditEvent.at)
        entry = session().scalars(query).all()[-1]
        assert entry.old_values["level"] == "YELLOW"
        assert entry.new_values["level"] == "GREEN"
        assert entry.old_values["due_at"] != entry.new_values["due_at"]


def test_a_move_tells_no_level_a_second_time(world: World):
    world.define()
    order = world.order()
    world.sweep(MONDAY + hours(5))
    world.define(target=6)
    row = world.clock(order)
    with clock.at(MONDAY + hours(5)), transaction(actor=world.people.alma.actor):
        by_hand.move(row.id, 2)
    found = world.crossings(row)
    told = [(one.round, one.level) for one in found if not one.overtaken]
    assert told == [(1, "YELLOW"), (2, "ORANGE")]
    assert world.clock(order).level == "ORANGE"


def test_a_definition_that_is_switched_off_starts_nothing_and_ends_nothing(world: World):
    world.define()
    running = world.order()
    with transaction(actor=world.people.alma.actor):
        definitions.switch("decide_order", active=False)
    assert world.clocks(world.order()) == []
    world.edit(running, MONDAY + hours(1), phase="decided")
    assert world.clock(running).status == "met"


def test_a_calendar_that_deadlines_count_with_is_not_deleted(world: World):
    world.define()
    with pytest.raises(InUse), transaction(actor=world.people.alma.actor):
        calendars.delete_calendar("office")


def test_the_default_calendar_of_deadlines_is_not_deleted_either(world: World):
    with clock.at(MONDAY), transaction(actor=world.people.alma.actor):
        calendars.save_calendar("usual", OFFICE, name="Usual")
        calendars.publish("usual", comment="Default")
        calendars.set_default("usual")
    world.define(calendar=None)
    assert world.clock(world.order()).due_at == MONDAY + hours(8)
    with pytest.raises(InUse), transaction(actor=world.people.alma.actor):
        calendars.delete_calendar("usual")


def test_a_condition_that_holds_a_clock_cannot_be_overruled_by_hand(world: World):
    world.define()
    order = world.order(phase="waiting")
    with pytest.raises(ClockHeld, match="Waiting"), transaction(actor=world.people.otto.actor):
        by_hand.resume(world.clock(order).id)


def test_a_clock_that_ended_is_left_alone(world: World):
    world.define()
    order = world.order()
    world.edit(order, MONDAY + hours(1), phase="decided")
    row = world.clock(order)
    with transaction(actor=world.people.alma.actor):
        for act in (
            lambda: by_hand.pause(row.id, "Late"),
            lambda: by_hand.resume(row.id),
            lambda: by_hand.cancel(row.id, "Late"),
            lambda: by_hand.move(row.id, 1),
        ):
            with pytest.raises(ClockEnded):
                act()


def test_a_clock_cancelled_by_hand_does_not_come_back(world: World):
    world.define()
    order = world.order()
    with clock.at(MONDAY + hours(1)), transaction(actor=world.people.alma.actor):
        by_hand.cancel(world.clock(order).id, "Agreed by phone")
    world.edit(order, MONDAY + hours(2), priority=1)
    assert [row.status for row in world.clocks(order)] == ["cancelled"]


def test_a_dropped_order_that_comes_back_is_counted_again(world: World):
    world.define()
    order = world.order()
    world.edit(order, MONDAY + hours(1), phase="dropped")
    world.edit(order, MONDAY + hours(2), phase="back")
    assert [row.status for row in world.clocks(order)] == ["cancelled", "active"]


def test_pausing_needs_its_permission(world: World):
    world.define()
    row = world.clock(world.order())
    with pytest.raises(Forbidden), transaction(actor=world.people.rui.actor):
        by_hand.pause(row.id, "Mine")
