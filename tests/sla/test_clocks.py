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
