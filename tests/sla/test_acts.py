"""What each named act does at a level, who hears of it, and how others can wait for a level."""

from uuid import UUID

from sqlalchemy import select

from tests.sla.conftest import MONDAY, World, hours
from tests.sla.test_sweep import deliver, messages
from wfweb.alerts import rules_admin, watching
from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.notifications.models import Delivery
from wfweb.records import service as records
from wfweb.sla import by_hand


def acted(world: World, do: str, **more: str) -> set[UUID]:
    """Return whom an act at yellow tells about an order of Rui, whose manager is Mia."""
    world.define(team="approver", actions={"YELLOW": [{"do": do, **more}]})
    row = world.clock(world.order())
    world.sweep(MONDAY + hours(5))
    told = deliver(world, messages(world, row.id)[-1], MONDAY + hours(5))
    return {user for user, _title in told}


def mails(world: World) -> int:
    with transaction(actor=world.people.alma.actor):
        return len(session().scalars(select(Delivery)).all())


def test_watch_leaves_the_owner_a_notice_and_sends_no_mail(world: World):
    assert acted(world, "watch") == {world.people.rui.id}
    assert mails(world) == 0


def test_prepare_writes_to_the_owner(world: World):
    assert acted(world, "prepare") == {world.people.rui.id}
    assert mails(world) == 1


def test_alert_team_tells_the_team_or_the_role_that_is_named(world: World):
    assert acted(world, "alert_team") == {world.people.ada.id}
    assert acted(world, "alert_team", to="operator") == {world.people.otto.id, world.people.ada.id}


def test_escalate_tells_owner_manager_and_team_at_once(world: World):
    people = world.people
    assert acted(world, "escalate") == {people.rui.id, people.mia.id, people.ada.id}


def test_notify_manager_tells_the_manager_alone(world: World):
    assert acted(world, "notify_manager") == {world.people.mia.id}


def test_reassign_gives_it_to_the_manager_when_no_role_is_named(world: World):
    assert acted(world, "reassign") == set()
    with transaction(actor=world.people.alma.actor):
        query = select(records.Record.owner_id)
        assert list(session().scalars(query)) == [world.people.mia.id]


def test_a_level_that_was_reached_before_a_pause_is_not_told_but_a_breach_is(world: World):
    world.define()
    row = world.clock(world.order())
    told = []
    for after in (5, 8):
        world.sweep(MONDAY + hours(after))
        with clock.at(MONDAY + hours(after)), transaction(actor=world.people.otto.actor):
            by_hand.pause(row.id, "Strike at the port")
        told.append(deliver(world, messages(world, row.id)[-1], MONDAY + hours(after)))
        with clock.at(MONDAY + hours(after)), transaction(actor=world.people.otto.actor):
            by_hand.resume(row.id)
    assert told == [[], [(world.people.mia.id, "ORD-1001 Steel is late")]]


def test_a_pause_in_the_second_of_a_level_counts_the_level_and_resuming_does_not_again(
    world: World,
):
    world.define()
    row = world.clock(world.order())
    boundary = MONDAY + hours(4.8)
    with clock.at(boundary), transaction(actor=world.people.otto.actor):
        by_hand.pause(row.id, "Strike at the port")
    with clock.at(boundary + hours(1)), transaction(actor=world.people.otto.actor):
        by_hand.resume(row.id)
    assert world.sweep(boundary + hours(1)) == 0
    assert [(one.level, one.at) for one in world.crossings(row)] == [("YELLOW", boundary)]


def test_an_alert_rule_waits_for_a_level_of_a_real_clock(world: World):
    rule = {
        "code": "late",
        "name": "An order is late",
        "type": "sla",
        "severity": "critical",
        "levels": ["YELLOW"],
        "service_level": "decide_order",
        "recipients": [{"role": "operator"}],
    }
    with transaction(actor=world.people.alma.actor):
        rules_admin.save_rule(rule)
    watching.forget_watched()
    world.define()
    order = world.order()
    world.sweep(MONDAY + hours(5))
    with transaction(actor=world.people.alma.actor):
        query = select(OutboxMessage.payload).where(OutboxMessage.kind == "alerts.event_happened")
        (payload,) = session().scalars(query).all()
    assert payload["event"] == "sla.level_crossed"
    assert (payload["level"], payload["definition_code"]) == ("YELLOW", "decide_order")
    assert (payload["record_id"], payload["overtaken"]) == (str(order), False)


def test_resumed_by_hand_while_its_definition_waits_too_it_goes_on_by_itself(world: World):
    world.define()
    order = world.order()
    row = world.clock(order)
    otto = world.people.otto.actor
    with clock.at(MONDAY + hours(1)), transaction(actor=otto):
        by_hand.pause(row.id, "Strike at the port")
    world.edit(order, MONDAY + hours(2), phase="waiting")
    with clock.at(MONDAY + hours(3)), transaction(actor=otto):
        by_hand.resume(row.id)
    row = world.clock(order)
    assert (row.status, row.pause_reason) == ("paused", "Waiting for the customer")
    world.edit(order, MONDAY + hours(4), phase="back")
    row = world.clock(order)
    assert (row.status, row.due_at) == ("active", MONDAY + hours(24 + 3))
    assert [(one.kind, one.reason) for one in world.segments(row)] == [
        ("run", None),
        ("pause", "Strike at the port"),
        ("pause", "Waiting for the customer"),
    ]
