"""Clocks that stand still: the ten cases made by others, and our own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.calendars.test_vectors import DATA, moment
from wfweb.calendars import rules
from wfweb.calendars.rules import Pause

FILE = DATA / "paused_clock_vectors.json"
CLOCKS: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.exists() else []
OFFICE = rules.compile_calendar(
    {
        "tz": "Europe/Berlin",
        "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    }
)
FRIDAY_NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
HOUR = 3600


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.skipif(not CLOCKS, reason="../shared/data/sla is not here")
def test_all_ten_are_here():
    assert len(CLOCKS) == 10


@pytest.mark.parametrize("clock", CLOCKS, ids=range(len(CLOCKS)))
def test_paused_clock(clock: dict[str, Any]):
    calendar = rules.compile_calendar(clock["calendar"])
    pauses = [Pause(moment(calendar, a), moment(calendar, b)) for a, b in clock["pauses"]]
    if "expected_due" in clock:
        start = moment(calendar, clock["start"])
        due = rules.due(calendar, start, clock["target_seconds"], pauses)
        assert due == moment(calendar, clock["expected_due"])
        if "resolved_at" in clock:
            done = moment(calendar, clock["resolved_at"])
            used = rules.running(calendar, start, done, pauses)
            assert used == timedelta(seconds=clock["expected_elapsed"])
            assert (done <= due) is clock["met"]
    else:
        life = [moment(calendar, text) for text in clock["life"]]
        window = [moment(calendar, text) for text in clock["window"]]
        start, end = max(life[0], window[0]), min(life[1], window[1])
        found = rules.running(calendar, start, end, pauses)
        assert found == timedelta(seconds=clock["expected_elapsed"])


def test_a_pause_over_the_weekend_moves_the_due_time_by_its_working_time_only():
    pause = Pause(at(20, 15), at(23, 9))
    assert rules.due(OFFICE, FRIDAY_NOON, 8 * HOUR) == at(23, 11)
    assert rules.due(OFFICE, FRIDAY_NOON, 8 * HOUR, [pause]) == at(23, 13)
    assert rules.running(OFFICE, FRIDAY_NOON, at(23, 13), [pause]) == timedelta(hours=8)


def test_a_pause_outside_working_time_changes_nothing():
    assert rules.due(OFFICE, FRIDAY_NOON, 8 * HOUR, [Pause(at(20, 16), at(23, 8))]) == at(23, 11)


def test_pauses_that_overlap_count_once_in_any_order():
    pauses = [
        Pause(at(23, 9), at(23, 11)),
        Pause(at(23, 8), at(23, 10)),
        Pause(at(23, 9), at(23, 9)),
    ]
    assert rules.due(OFFICE, FRIDAY_NOON, 8 * HOUR, pauses) == at(23, 14)


def test_a_pause_that_began_before_the_start_counts_from_the_start():
    assert rules.due(OFFICE, FRIDAY_NOON, HOUR, [Pause(at(19, 9), at(20, 13))]) == at(20, 14)


def test_an_open_pause_leaves_the_due_time_unknown_unless_it_comes_later():
    assert rules.due(OFFICE, FRIDAY_NOON, HOUR, [Pause(at(20, 11, 59))]) is None
    assert rules.due(OFFICE, FRIDAY_NOON, HOUR, [Pause(at(20, 12))]) == at(20, 12)
    both = [Pause(at(20, 11, 30)), Pause(at(20, 11, 30), at(20, 11, 40))]
    assert rules.due(OFFICE, FRIDAY_NOON, HOUR, both) is None
    assert rules.running(OFFICE, FRIDAY_NOON, at(23, 12), both) == timedelta(minutes=30)


def test_a_due_time_reached_as_a_pause_begins_stands():
    assert rules.due(OFFICE, FRIDAY_NOON, HOUR, [Pause(at(20, 12), at(20, 13))]) == at(20, 12)


def test_a_pause_that_ends_before_it_starts_is_refused_by_its_place():
    with pytest.raises(rules.UnanswerableQuestion) as refusal:
        rules.due(
            OFFICE, FRIDAY_NOON, HOUR, [Pause(at(20, 12), at(20, 13)), Pause(at(21, 1), at(20, 1))]
        )
    assert refusal.value.errors[0].pointer == "/pauses/1"


def test_microseconds_are_kept():
    start = FRIDAY_NOON + timedelta(microseconds=1)
    target = timedelta(seconds=3600, microseconds=-2)
    assert rules.due(OFFICE, start, target) == at(20, 12) - timedelta(microseconds=1)
    assert rules.elapsed(OFFICE, start, at(20, 12)) == timedelta(hours=1, microseconds=-1)
    assert rules.between(OFFICE, start, at(20, 12)) == 3599
