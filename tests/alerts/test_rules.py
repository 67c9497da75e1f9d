"""The pure decisions, as tables."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfweb.alerts import rules
from wfweb.alerts.rules import Band, Limits, Measured, Stock, Told

D = Decimal
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("operator", "value", "raised", "move"),
    [
        ("<", "19.99", False, "raise"),
        ("<", "20", False, "quiet"),
        ("<", "25", False, "quiet"),
        ("<", "19.99", True, "repeat"),
        ("<", "20", True, "quiet"),
        ("<", "29.99", True, "quiet"),
        ("<", "30", True, "clear"),
        ("<=", "20", False, "raise"),
        ("<=", "30", True, "quiet"),
        ("<=", "30.01", True, "clear"),
    ],
)
def test_a_low_limit(operator, value, raised, move):
    assert rules.judge(Band(operator, D(20), D(30)), D(value), raised=raised) == move


@pytest.mark.parametrize(
    ("operator", "value", "raised", "move"),
    [
        (">", "90.01", False, "raise"),
        (">", "90", False, "quiet"),
        (">", "85", True, "quiet"),
        (">", "80", True, "clear"),
        (">=", "90", False, "raise"),
        (">=", "80", True, "quiet"),
        (">=", "79.99", True, "clear"),
    ],
)
def test_a_high_limit(operator, value, raised, move):
    assert rules.judge(Band(operator, D(90), D(80)), D(value), raised=raised) == move


@given(
    operator=st.sampled_from(["<", "<=", ">", ">="]),
    low=st.decimals(-100, 100, places=2),
    gap=st.decimals(0, 50, places=2),
    values=st.lists(st.decimals(-200, 200, places=2), max_size=30),
)
def test_a_rule_raises_and_clears_in_turn(operator, low, gap, values):
    clear = low + gap if operator.startswith("<") else low - gap
    band = Band(operator, low, clear)
    assert rules.band_is_sound(band)
    raised, moves = False, []
    for value in values:
        move = rules.judge(band, value, raised=raised)
        if move in {"raise", "clear"}:
            moves.append(move)
            raised = move == "raise"
    assert moves == ["raise", "clear"] * (len(moves) // 2) + ["raise"] * (len(moves) % 2)


def test_a_band_that_clears_on_the_wrong_side_is_unsound():
    assert not rules.band_is_sound(Band("<", D(20), D(19)))
    assert not rules.band_is_sound(Band(">", D(20), D(21)))


@pytest.mark.parametrize(
    ("check", "stock", "value", "raise_at"),
    [
        ("reorder_point", Stock(D(40), reorder_point=D(50)), "40", "50"),
        ("reorder_point", Stock(D(40), on_order=D(20), reorder_point=D(50)), "60", "50"),
        ("fixed_threshold", Stock(D(40)), "40", "100"),
        ("days_of_stock", Stock(D(40), used=D(120)), "10", "100"),
        ("percentage", Stock(D(40), reorder_point=D(50)), "80", "100"),
    ],
)
def test_what_inventory_checks_measure(check, stock, value, raise_at):
    found = rules.measure_stock(check, stock, Band("<=", D(100), D(100)))
    assert found == Measured(D(value), Band("<=", D(raise_at), D(raise_at)))


@pytest.mark.parametrize(
    ("check", "stock"),
    [
        ("reorder_point", Stock(None, reorder_point=D(50))),
        ("reorder_point", Stock(D(40))),
        ("reorder_point", Stock(D(40), reorder_point=D(0))),
        ("percentage", Stock(D(40))),
        ("days_of_stock", Stock(D(40))),
        ("days_of_stock", Stock(D(40), used=D(-3))),
    ],
)
def test_what_inventory_checks_cannot_answer(check, stock):
    assert rules.measure_stock(check, stock, Band("<=", D(100), D(100))) is None


def test_the_reorder_point_clears_at_a_share_of_it():
    stock = Stock(D(55), reorder_point=D(50))
    found = rules.measure_stock("reorder_point", stock, Band("<=", D(100), D(120)))
    assert found is not None
    assert found.band == Band("<=", D(50), D(60))


@pytest.mark.parametrize(
    ("told", "now", "silenced", "why"),
    [
        (Told(), NOON, False, None),
        (Told(), NOON, True, "silenced"),
        (Told(NOON, NOON.date(), 1), NOON + timedelta(minutes=59, seconds=59), False, "cooldown"),
        (Told(NOON, NOON.date(), 1), NOON + timedelta(minutes=60), False, None),
        (Told(NOON, NOON.date(), 3), NOON + timedelta(minutes=60), False, "daily_cap"),
        (Told(NOON, NOON.date(), 3), NOON + timedelta(hours=12), False, None),
        (Told(NOON, NOON.date(), 1), NOON - timedelta(minutes=5), False, "cooldown"),
    ],
)
def test_who_is_told(told, now, silenced, why):
    assert rules.held_back(told, Limits(60, 3), now, silenced=silenced) == why


def test_a_new_day_counts_from_one():
    evening = Told(NOON, date(2026, 11, 20), 9)
    assert rules.after_telling(evening, NOON + timedelta(hours=1)).count == 10
    assert rules.after_telling(evening, NOON + timedelta(hours=13)).count == 1


@pytest.mark.parametrize(
    ("why", "told", "silent_until", "due"),
    [
        ("cooldown", Told(NOON, NOON.date(), 1), None, NOON + timedelta(minutes=60)),
        ("daily_cap", Told(NOON, NOON.date(), 3), None, datetime(2026, 11, 21, tzinfo=UTC)),
        ("silenced", Told(), NOON + timedelta(hours=2), NOON + timedelta(hours=2)),
        ("silenced", Told(), None, NOON + timedelta(minutes=1)),
    ],
)
def test_what_is_held_back_is_looked_at_again(why, told, silent_until, due):
    assert rules.next_telling_at(why, told, Limits(60, 3), NOON, silent_until) == due


def test_escalation_steps_count_from_the_raising_and_are_never_in_the_past():
    late = NOON + timedelta(hours=3)
    assert rules.next_step_at(NOON, [15, 60], 0, NOON) == NOON + timedelta(minutes=15)
    assert rules.next_step_at(NOON, [15, 60], 1, late) == late
    assert rules.next_step_at(NOON, [15, 60], 2, late) is None


def test_missed_reminders_are_not_caught_up():
    assert rules.next_reminder_at(NOON, 10, NOON) == NOON + timedelta(minutes=10)
    late = NOON + timedelta(hours=3)
    assert rules.next_reminder_at(NOON, 10, late) == late + timedelta(minutes=10)


def test_severities_only_rise():
    assert rules.graver("warning", "info") == "warning"
    assert rules.graver("warning", "urgent") == "urgent"
    assert [rules.is_grave(one) for one in rules.GRAVITY] == [False, False, True, True]
