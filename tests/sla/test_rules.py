"""The pure rules of a clock as tables, and what holds for every story."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfweb.calendars import rules as business
from wfweb.sla.ledger import Happening, Ledger, told
from wfweb.sla.rules import (
    LEVELS,
    by_owner,
    elapsed_within,
    newest,
    read,
    run,
    seconds_between,
    terms,
)

START = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
OFFICE = business.compile_calendar(
    {
        "tz": "UTC",
        "weekly": {
            day: [["09:00", "12:00"], ["13:00", "17:00"]]
            for day in ("mon", "tue", "wed", "thu", "fri")
        },
    }
)
HOUR = 3600


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("elapsed", "level"),
    [
        (0, "GREEN"),
        (59_999, "GREEN"),
        (60_000, "YELLOW"),
        (79_999, "YELLOW"),
        (80_000, "ORANGE"),
        (94_999, "ORANGE"),
        (95_000, "RED"),
        (99_951, "RED"),
        (99_999, "RED"),
        (100_000, "BREACHED"),
        (250_000, "BREACHED"),
    ],
)
def test_levels_begin_at_their_exact_share(elapsed: int, level: str):
    assert terms(100_000).level(elapsed) == level


@pytest.mark.parametrize("target", [1, 2, 3, 7, 99, 180_000, 10**9])
def test_a_level_is_a_comparison_of_whole_numbers(target: int):
    made = terms(target)
    for elapsed in {0, 1, *(seconds + d for _l, seconds in made.begins for d in (-1, 0, 1))}:
        share = Fraction(max(0, elapsed), target)
        expected = [
            level
            for level, begins in zip(LEVELS, (0, 0.6, 0.8, 0.95, 1), strict=True)
            if share >= Fraction(str(begins))
        ][-1]
        assert made.level(max(0, elapsed)) == expected


def test_a_definition_can_begin_levels_elsewhere():
    made = terms(1000, {"YELLOW": Fraction(1, 2), "RED": Fraction(99, 100)})
    assert dict(made.begins) == {"YELLOW": 500, "ORANGE": 800, "RED": 990, "BREACHED": 1000}


def test_a_due_time_on_closing_is_the_closing_instant_and_then_it_is_late():
    story = [Happening(START, "start")]
    made = terms(7 * HOUR)
    assert run(made, story, OFFICE, START).due == START.replace(hour=17)
    assert run(made, story, OFFICE, START.replace(hour=16, minute=59, second=59)).level == "RED"
    weekend = datetime(2026, 11, 16, 20, 0, tzinfo=UTC)
    reading = run(made, story, OFFICE, weekend)
    assert (reading.level, reading.breached_at) == ("BREACHED", START.replace(hour=17))


@pytest.mark.parametrize(
    ("story", "elapsed", "status"),
    [
        ([], 0, "waiting"),
        ([(0, "start")], 3000, "active"),
        ([(0, "start"), (600, "pause")], 600, "paused"),
        ([(0, "start"), (0, "pause")], 0, "paused"),
        ([(0, "start"), (600, "pause"), (1200, "resume")], 2400, "active"),
        ([(0, "start"), (600, "pause"), (1200, "resume"), (1200, "pause")], 600, "paused"),
        ([(0, "start"), (600, "stop"), (900, "pause")], 600, "met"),
        ([(0, "start"), (600, "stop"), (900, "start")], 600, "met"),
        ([(0, "start"), (600, "pause"), (900, "stop")], 600, "met"),
        ([(0, "start"), (600, "cancel")], 600, "cancelled"),
        ([(600, "pause"), (900, "start")], 2100, "active"),
        ([(0, "start"), (0, "stop")], 0, "met"),
    ],
)
def test_stories(story: list[tuple[int, str]], elapsed: int, status: str):
    happened = [Happening(at(second), what) for second, what in story]  # type: ignore[arg-type]
    reading = run(terms(HOUR), happened, business.ALWAYS, at(3000))
    assert (reading.elapsed, reading.status) == (elapsed, status)


def test_the_past_is_read_without_what_came_later():
    story = [Happening(at(0), "start"), Happening(at(600), "pause"), Happening(at(1200), "stop")]
    ledger = told(story)
    made = terms(HOUR)
    shown = [
        read(made, ledger, business.ALWAYS, at(second)).status for second in (300, 900, 1200, 5000)
    ]
    assert shown == ["active", "paused", "met", "met"]


def test_only_the_gravest_of_several_is_news():
    reading = run(terms(HOUR), [Happening(START, "start")], business.ALWAYS, at(9000))
    found = newest(reading.crossings)
    assert found is not None
    assert found.level == "BREACHED"
    assert [one.at for one in reading.crossings] == [at(2160), at(2880), at(3420), at(3600)]


WHATS = st.sampled_from(["start", "pause", "resume", "owner", "stop", "cancel"])
STORIES = st.lists(
    st.builds(
        lambda minute, micro, what, owner: Happening(
            START + timedelta(minutes=minute, microseconds=micro),
            what,
            reason="r" if what == "pause" else None,
            owner=UUID(int=owner) if what == "owner" else None,
        ),
        st.integers(0, 60 * 24 * 12),
        st.integers(0, 10**6),
        WHATS,
        st.integers(1, 3),
    ),
    max_size=12,
).map(lambda rest: [Happening(START, "start"), *rest])
MOMENTS = st.integers(0, 60 * 24 * 15).map(lambda minute: START + timedelta(minutes=minute))


@settings(deadline=None, max_examples=200)
@given(STORIES, MOMENTS, st.integers(1, 40 * HOUR))
def test_the_sum_of_the_stretches_is_the_wall_clock(
    story: list[Happening], moment: datetime, target: int
):
    ledger = told(story)
    reading = read(terms(target), ledger, OFFICE, moment)
    end = min(moment, ledger.segments[-1].end or moment)
    assert reading.wall == seconds_between(START, end)
    assert reading.elapsed + reading.remaining == target
    assert reading.elapsed <= reading.wall
    turns = by_owner(ledger, OFFICE, moment)
    assert sum(turn.business_seconds for turn in turns) == reading.elapsed
    assert sum(turn.wall_seconds for turn in turns) == reading.wall
    assert elapsed_within(ledger, OFFICE, START, moment) == reading.elapsed
    for before, following in zip(ledger.segments, ledger.segments[1:], strict=False):
        assert before.end == following.start


@settings(deadline=None, max_examples=200)
@given(STORIES, st.lists(MOMENTS, min_size=2, max_size=6), st.integers(1, 40 * HOUR))
def test_a_level_never_goes_backwards_and_begins_at_its_crossing(
    story: list[Happening], moments: list[datetime], target: int
):
    ledger, made = told(story), terms(target)
    readings = [read(made, ledger, OFFICE, moment) for moment in sorted(moments)]
    ranks = [LEVELS.index(reading.level) for reading in readings]
    assert ranks == sorted(ranks)
    for one in readings[-1].crossings:
        second = timedelta(seconds=1)
        assert LEVELS.index(read(made, ledger, OFFICE, one.at).level) >= LEVELS.index(one.level)
        before = read(made, ledger, OFFICE, one.at - second).level if one.at > START else "GREEN"
        assert LEVELS.index(before) < LEVELS.index(one.level)


@settings(deadline=None, max_examples=100)
@given(STORIES, MOMENTS)
def test_what_comes_later_does_not_change_what_was_shown(story: list[Happening], moment: datetime):
    known = [one for one in story if one.at <= moment]
    whole_story = read(terms(8 * HOUR), told(story), OFFICE, moment)
    until_then = read(terms(8 * HOUR), told(known), OFFICE, moment)
    assert (whole_story.elapsed, whole_story.level) == (until_then.elapsed, until_then.level)
    assert whole_story.breached_at == until_then.breached_at


def test_an_empty_ledger_shows_nothing():
    reading = read(terms(HOUR), Ledger(), business.ALWAYS, START)
    assert (reading.status, reading.due, reading.elapsed) == ("waiting", None, 0)
