"""Clocks of orders: when they start, stand still, run on and end, exactly."""

from datetime import timedelta

from tests.sla.conftest import MONDAY, World, hours, phase


def test_a_clock_starts_with_its_order_and_is_due_in_working_hours(world: World):
    world.define()
    row = world.clock(world.order(MONDAY + hours(4)))
    assert (row.status, row.level, row.target_seconds) == ("active", "GREEN", 8 * 3600)
    # Four hours on Monday, four on Tuesday.
    assert row.due_at == MONDAY + hours(28)
    assert row.next_check_at == MONDAY + hours(24 + 0.8)
    assert row.title == "ORD-1001 Steel"


def test_a_clock_stops_in_time_is_met(world: World):
    world.define()
    order = world.order()
    world.edit(order, MONDAY + hours(2), phase="decided")
    row = world.clock(order)
    assert (row.status, row.level, row.elapsed_seconds) == ("met", "GREEN", 7200)
    assert row.completed_at == MONDAY + hours(2)
    assert row.next_check_at is None


def test_waiting_for_the_customer_does_not_count(world: World):
    world.define()
    order = world.order()
    world.edit(order, MONDAY + hours(2), phase="waiting")
    row = world.clock(order)
    assert (row.status, row.pause_reason, row.due_at) == (
        "paused",
        "Waiting for the customer",
        None,
    )
    assert world.sweep(MONDAY + hours(24 * 14)) == 0
    # Two weeks later, outside office hours: six hours are left, from the next opening on.
    world.edit(order, MONDAY + hours(24 * 14 + 12), phase="back")
    row = world.clock(order)
    assert (row.status, row.level, row.elapsed_seconds) == ("active", "GREEN", 7200)
    assert row.due_at == MONDAY + hours(24 * 15 + 6)
    assert world.sweep(MONDAY + hours(24 * 14 + 13)) == 0, "a false breach after a long pause"
    assert [(s.kind, s.business_seconds) for s in world.segments(row)] == [
        ("run", 7200),
        ("pause", 0),
    ]


def test_an_order_made_in_the_paused_phase_never_runs(world: World):
    world.define()
    order = world.order(phase="waiting")
    row = world.clock(order)
    assert (row.status, row.elapsed_seconds, row.segment_seq) == ("paused", 0, 1)
    world.edit(order, MONDAY + hours(5), phase="decided")
    row = world.clock(order)
    assert (row.status, row.elapsed_seconds, row.wall_seconds) == ("met", 0, 5 * 3600)


def test_an_order_made_decided_has_no_clock(world: World):
    world.define()
    assert world.clocks(world.order(phase="decided")) == []


def test_stop_beats_cancel_and_pause(world: World):
    world.define(
        cancel={"field": "phase", "operator": "is set"},
        pause=[{"reason": "Any", "field": "phase"}],
    )
    order = world.order()
    world.edit(order, MONDAY + hours(1), phase="decided")
    assert world.clock(order).status == "met"


def test_cancel_beats_pause(world: World):
    world.define(pause=[{"reason": "Any", "field": "phase"}])
    order = world.order()
    world.edit(order, MONDAY + hours(1), phase="dropped")
    row = world.clock(order)
    assert (row.status, row.end_reason) == ("cancelled", "No longer applies")


def test_a_late_order_is_breached_at_the_exact_second(world: World):
    world.define()
    order = world.order(MONDAY + timedelta(seconds=1, microseconds=700_000))
    world.edit(order, MONDAY + hours(30), phase="decided")
    row = world.clock(order)
    assert row.status == "breached"
    assert row.breached_at == row.due_at == MONDAY + hours(24) + timedelta(seconds=1)
    assert [c.level for c in world.crossings(row)] == ["YELLOW", "ORANGE", "RED", "BREACHED"]


def test_a_decision_in_the_second_before_the_due_time_is_in_time(world: World):
    world.define()
    in_time, late = world.order(), world.order()
    almost = MONDAY + hours(8) - timedelta(microseconds=1)
    world.edit(in_time, almost, phase="decided")
    world.edit(late, MONDAY + hours(8), phase="decided")
    assert world.clock(in_time).status == "met"
    assert world.clock(late).status == "breached"


def test_several_definitions_each_have_a_clock_on_one_order(world: World):
    world.define()
    world.define(code="ship_order", name="Ship an order", metric="delivery_time", target=80)
    order = world.order()
    found = {row.definition_code: row for row in world.clocks(order)}
    assert set(found) == {"decide_order", "ship_order"}
    assert found["ship_order"].target_seconds == 80 * 3600


def test_a_done_clock_does_not_start_again_unless_it_repeats(world: World):
    world.define()
    world.define(code="again", name="Again", repeat=True)
    order = world.order()
    world.edit(order, MONDAY + hours(1), phase="decided")
    world.edit(order, MONDAY + hours(2), phase="reopened")
    codes = sorted(row.definition_code for row in world.clocks(order))
    assert codes == ["again", "again", "decide_order"]


def test_a_clock_starts_by_a_field_and_by_a_condition(world: World):
    world.define(start={"field": "asked_on"})
    world.define(code="urgent", name="Urgent", start={"when": phase("urgent")})
    order = world.order(MONDAY + hours(3))
    assert world.clocks(order) == []
    world.edit(order, MONDAY + hours(4), asked_on=(MONDAY + hours(1)).isoformat())
    row = world.clock(order)
    assert (row.started_at, row.due_at) == (MONDAY + hours(1), MONDAY + hours(25))
    world.edit(order, MONDAY + hours(5), phase="urgent")
    assert len(world.clocks(order)) == 2


def test_a_raised_priority_keeps_start_and_pauses_and_tells_one_breach(world: World):
    def at(level: int) -> dict:
        return {"field": "priority", "operator": "=", "value": level}

    world.define(code="slow", name="Slow", target=40, applies_when=at(3))
    world.define(code="fast", name="Fast", target=4, applies_when=at(1), retroactive=True)
    order = world.order(priority=3)
    world.edit(order, MONDAY + hours(1), phase="waiting")
    world.edit(order, MONDAY + hours(3), phase="back")
    world.edit(order, MONDAY + hours(7), priority=1)
    slow, fast = world.clocks(order)
    assert (slow.definition_code, slow.status) == ("slow", "cancelled")
    assert fast.started_at == MONDAY
    # One hour before the pause, four after it: the two of the pause do not count.
    assert fast.breached_at == fast.due_at == MONDAY + hours(6)
    assert (fast.status, fast.level) == ("breached", "BREACHED")
    told = [c.level for c in world.crossings(fast) if not c.overtaken]
    assert told == ["BREACHED"]
    assert len(world.crossings(fast)) == 4


def test_whose_turn_it_was_is_kept(world: World):
    world.define()
    order = world.order()
    from wfweb.kernel import clock
    from wfweb.kernel.db import session, transaction
    from wfweb.records import service as records
    from wfweb.records.models import Record

    with clock.at(MONDAY + hours(3)), transaction(actor=world.people.alma.actor):
        version = session().get_one(Record, order).version
        records.set_owner(order, world.people.ada.id, version=version)
    world.edit(order, MONDAY + hours(5), phase="decided")
    turns = [(s.owner_id, s.business_seconds) for s in world.segments(world.clock(order))]
    assert turns == [(world.people.rui.id, 3 * 3600), (world.people.ada.id, 2 * 3600)]


def test_the_record_can_name_the_time_zone(world: World):
    world.define(time_zone={"from": "record", "field": "zone"})
    here, there = world.order(), world.order(zone="America/New_York")
    assert world.clock(here).due_at == MONDAY + hours(8)
    # At nine in Berlin it is three in New York, whose day begins six hours later.
    assert world.clock(there).due_at == MONDAY + hours(14)
    assert world.clock(there).receipt["zone"] == "America/New_York"


def test_the_receipt_gives_the_due_time_after_the_calendar_changed(world: World):
    from wfweb.calendars import service as calendars
    from wfweb.kernel import clock
    from wfweb.kernel.db import transaction
    from wfweb.sla import receipts

    world.define()
    order = world.order(MONDAY + hours(4))
    due = world.clock(order).due_at
    with clock.at(MONDAY + hours(5)), transaction(actor=world.people.alma.actor):
        closed = {"tz": "Europe/Berlin", "weekly": {"fri": [["09:00", "10:00"]]}}
        calendars.save_calendar("office", closed)
        calendars.publish("office", comment="Fridays only")
    row = world.clock(order)
    assert row.due_at == due
    assert receipts.recompute(row.receipt) == due
    later = world.order(MONDAY + hours(6))
    assert world.clock(later).due_at > due


def test_days_are_working_days_of_the_calendar(world: World):
    world.define(unit="days", target=2)
    row = world.clock(world.order(MONDAY + hours(4)))
    assert row.target_seconds == 16 * 3600
    assert row.due_at == MONDAY + hours(2 * 24 + 4)


def test_a_task_has_its_deadline_like_everything_else(world: World):
    from wfweb.kernel import clock
    from wfweb.kernel.db import transaction
    from wfweb.tasks import service as tasks

    done = {"field": "instance.status", "operator": "=", "value": "done"}
    world.define(
        code="do_task",
        name="Do a task",
        subject_type="task",
        record_type=None,
        applies_when={"field": "instance.priority", "operator": "=", "value": "high"},
        pause=[],
        cancel=None,
        stop={"when": done},
    )
    ada = world.people.ada
    with clock.at(MONDAY), transaction(actor=world.people.rui.actor):
        task = tasks.create_task("Call the customer", assignee_id=ada.id, priority="high")
        task_id = task.id
    row = world.clock(task_id)
    assert (row.owner_id, row.due_at) == (ada.id, MONDAY + hours(8))
    with clock.at(MONDAY + hours(2)), transaction(actor=ada.actor):
        tasks.complete(task_id, outcome="Called")
    assert (world.clock(task_id).status, world.clock(task_id).elapsed_seconds) == ("met", 7200)


def test_a_date_out_of_reach_starts_nothing(world: World):
    world.define(start={"field": "asked_on"})
    assert world.clocks(world.order(asked_on="1605-11-05T12:00:00+00:00")) == []
    assert len(world.clocks(world.order(asked_on="2026-11-16T12:00:00+00:00"))) == 1
