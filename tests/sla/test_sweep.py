"""Levels that come: each crossing once, the gravest told after an outage, acts by level."""

from uuid import UUID

from sqlalchemy import select, text

from tests.sla.conftest import MONDAY, World, hours
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.notifications.models import Notification
from wfweb.sla import by_hand, jobs, sweeping


def messages(world: World, row_id: UUID) -> list[dict]:
    with transaction(actor=world.people.alma.actor):
        query = select(OutboxMessage.payload).where(OutboxMessage.kind == "sla.act_on_level")
        rows = session().scalars(query.order_by(OutboxMessage.id)).all()
        return [row for row in rows if row["target_id"] == str(row_id)]


def deliver(world: World, payload: dict, at) -> list[tuple[UUID, str]]:
    with clock.at(at), transaction(company_id=world.people.alma.company_id):
        jobs.act_on_level({**payload, "message_id": str(UUID(int=1))})
        query = select(Notification.user_id, Notification.title).order_by(Notification.id)
        return [tuple(one) for one in session().execute(query)]


def test_each_level_is_crossed_once_at_its_instant(world: World):
    world.define()
    order = world.order()
    row = world.clock(order)
    for minutes, level in ((288, "YELLOW"), (384, "ORANGE"), (456, "RED"), (480, "BREACHED")):
        assert world.sweep(MONDAY + hours(minutes / 60) - hours(1 / 3600)) == 0
        assert world.sweep(MONDAY + hours(minutes / 60)) == 1
        assert world.sweep(MONDAY + hours(minutes / 60)) == 0
        assert world.clock(order).level == level
        assert world.crossings(row)[-1].at == MONDAY + hours(minutes / 60)
    assert (world.clock(order).status, world.clock(order).next_check_at) == ("breached", None)
    assert [m["level"] for m in messages(world, row.id) if not m["overtaken"]] == [
        "YELLOW",
        "ORANGE",
        "RED",
        "BREACHED",
    ]


def test_after_an_outage_all_levels_are_history_and_only_the_gravest_is_told(world: World):
    world.define()
    row = world.clock(world.order())
    assert world.sweep(MONDAY + hours(30)) == 1
    found = world.crossings(row)
    assert [(c.level, c.overtaken) for c in found] == [
        ("YELLOW", True),
        ("ORANGE", True),
        ("RED", True),
        ("BREACHED", False),
    ]
    assert [c.at for c in found][-1] == MONDAY + hours(8)
    told = []
    for payload in messages(world, row.id):
        told = deliver(world, payload, MONDAY + hours(30))
    assert told == [(world.people.mia.id, "ORD-1001 Steel is late")]


def test_a_clock_set_back_fires_nothing_twice(world: World):
    world.define()
    order = world.order()
    world.sweep(MONDAY + hours(5))
    assert world.sweep(MONDAY + hours(1)) == 0
    world.edit(order, MONDAY + hours(2), phase="waiting")
    world.edit(order, MONDAY + hours(1), phase="back")
    assert world.sweep(MONDAY + hours(1)) == 0
    row = world.clock(order)
    assert [c.level for c in world.crossings(row)] == ["YELLOW"]
    assert all(s.ended_at >= s.started_at for s in world.segments(row))


def test_prepare_alert_and_escalate_tell_the_owner_the_team_and_the_manager(world: World):
    world.define(team="approver")
    row = world.clock(world.order())
    rui, ada, mia = world.people.rui.id, world.people.ada.id, world.people.mia.id
    seen: set[UUID] = set()
    expected = [(4.8, {rui}), (6.4, {ada}), (7.6, {rui, mia, ada})]
    for after, people in expected:
        world.sweep(MONDAY + hours(after))
        payload = messages(world, row.id)[-1]
        told = deliver(world, payload, MONDAY + hours(after))
        assert {user for user, _title in told[len(seen) :]} == people
        seen |= set(told)


def test_nobody_is_told_when_the_order_was_decided_meanwhile(world: World):
    world.define()
    order = world.order()
    row = world.clock(order)
    world.sweep(MONDAY + hours(5))
    world.edit(order, MONDAY + hours(5), phase="decided")
    assert deliver(world, messages(world, row.id)[0], MONDAY + hours(5)) == []


def test_a_level_can_give_the_order_to_somebody_else(world: World):
    world.define(actions={"YELLOW": [{"do": "reassign", "to": "approver"}]})
    order = world.order()
    world.sweep(MONDAY + hours(5))
    deliver(world, messages(world, world.clock(order).id)[0], MONDAY + hours(5))
    assert world.clock(order).owner_id == world.people.ada.id


def test_one_clock_that_cannot_be_read_does_not_hold_up_the_others(world: World):
    world.define()
    broken, fine = world.clock(world.order()), world.clock(world.order())
    with transaction(actor=world.people.alma.actor):
        session().execute(
            text(
                "update sla_clocks set time_zone = 'Nowhere/At_All', calendar_version_id = :v"
                " where id = :id"
            ),
            {"id": broken.id, "v": broken.calendar_version_id},
        )
    world.sweep(MONDAY + hours(5))
    assert [c.level for c in world.crossings(fine)] == ["YELLOW"]
    assert world.crossings(broken) == []


def test_what_ended_or_paused_before_it_could_be_put_off_is_left_alone(world: World):
    world.define()
    orders = [world.order() for _ in range(3)]
    world.edit(orders[0], MONDAY + hours(1), phase="decided")
    world.edit(orders[1], MONDAY + hours(1), phase="waiting")
    ids = [world.clock(order).id for order in orders]
    with clock.at(MONDAY + hours(5)):
        sweeping.put_off(world.people.alma.company_id, ids)
    found = [world.clock(order).next_check_at for order in orders]
    assert found == [None, None, MONDAY + hours(5) + sweeping.PUT_OFF]


def test_a_person_pauses_and_a_condition_does_not_resume(world: World):
    world.define()
    order = world.order()
    row = world.clock(order)
    with clock.at(MONDAY + hours(1)), transaction(actor=world.people.otto.actor):
        by_hand.pause(row.id, "Strike at the port")
    world.edit(order, MONDAY + hours(2), priority=2)
    assert world.clock(order).status == "paused"
    with clock.at(MONDAY + hours(3)), transaction(actor=world.people.otto.actor):
        by_hand.resume(row.id)
    row = world.clock(order)
    assert (row.status, row.due_at) == ("active", MONDAY + hours(26))
