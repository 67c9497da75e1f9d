"""Laws of working time that hold for every calendar, instant and duration."""

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.calendars.making import case
from wfweb.calendars import receipts, rules
from wfweb.calendars.rules import Pause
from wfweb.calendars.words import in_words

TICK = timedelta(microseconds=1)
laws = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def made(seed: int) -> tuple[rules.Calendar, datetime]:
    versions, day = case(random.Random(seed))
    chain = rules.compile_chain([rules.Dated(begins, body) for begins, body in versions])
    return chain, datetime(day.year, day.month, day.day, tzinfo=UTC)


calendars = st.integers(0, 300).map(made)
apart = st.timedeltas(timedelta(days=-20), timedelta(days=20))
amounts = st.timedeltas(timedelta(microseconds=1), timedelta(days=10))


@laws
@given(calendars, apart, amounts)
def test_what_was_added_lies_between(known, shift, amount):
    calendar, day = known
    start = day + shift
    due = rules.add(calendar, start, amount)
    assert rules.elapsed(calendar, start, due) == amount
    assert rules.elapsed(calendar, start, due - TICK) < amount


@laws
@given(calendars, apart, amounts)
def test_what_was_subtracted_lies_between(known, shift, amount):
    calendar, day = known
    end = day + shift
    start = rules.subtract(calendar, end, amount)
    assert rules.elapsed(calendar, start, end) == amount
    assert rules.elapsed(calendar, start + TICK, end) < amount


@laws
@given(calendars, apart, amounts)
def test_adding_and_subtracting_lead_back_to_the_same_business_instant(known, shift, amount):
    calendar, day = known
    start = day + shift
    back = rules.subtract(calendar, rules.add(calendar, start, amount), amount)
    assert back == rules.next_open(calendar, start)
    forth = rules.add(calendar, rules.subtract(calendar, start, amount), amount)
    assert forth == rules.previous_open(calendar, start)


@laws
@given(calendars, st.lists(apart, min_size=3, max_size=3))
def test_a_stretch_is_the_sum_of_its_parts(known, shifts):
    calendar, day = known
    a, b, c = sorted(day + shift for shift in shifts)
    parts = rules.elapsed(calendar, a, b) + rules.elapsed(calendar, b, c)
    assert rules.elapsed(calendar, a, c) == parts


@laws
@given(calendars, apart, apart, amounts, amounts)
def test_later_and_longer_is_never_due_earlier(known, one, other, short, long):
    calendar, day = known
    first, second = sorted([day + one, day + other])
    less, more = sorted([short, long])
    assert rules.add(calendar, first, less) <= rules.add(calendar, second, less)
    assert rules.add(calendar, first, less) <= rules.add(calendar, first, more)
    split = rules.add(calendar, rules.add(calendar, first, short), long)
    assert split == rules.add(calendar, first, short + long)


@laws
@given(calendars, apart, apart)
def test_segments_are_open_disjoint_and_add_up(known, one, other):
    calendar, day = known
    start, end = sorted([day + one, day + other])
    found = list(rules.segments(calendar, start, end))
    assert sum((s.end - s.start for s in found), timedelta()) == rules.elapsed(calendar, start, end)
    for segment in found:
        assert start <= segment.start < segment.end <= end
        assert rules.is_open(calendar, segment.start)
        assert rules.is_open(calendar, segment.end - TICK)
    for earlier, later in pairwise(found):
        assert earlier.end < later.start
        assert not rules.is_open(calendar, earlier.end)


@laws
@given(calendars, apart)
def test_rolling_lands_on_open_time_and_skips_none(known, shift):
    calendar, day = known
    moment = day + shift
    after, before = rules.next_open(calendar, moment), rules.previous_open(calendar, moment)
    assert before <= moment <= after
    assert rules.is_open(calendar, after)
    assert rules.is_open(calendar, before - TICK)
    assert rules.elapsed(calendar, before, after) == timedelta()


@laws
@given(
    calendars,
    apart,
    amounts,
    st.lists(st.tuples(apart, st.timedeltas(timedelta(), timedelta(days=3))), max_size=4),
)
def test_a_paused_clock_has_run_its_target_when_due_and_its_receipt_says_so(
    known, shift, amount, spans
):
    calendar, day = known
    start = day + shift
    pauses = [Pause(day + a, day + a + b, "waiting") for a, b in spans]
    due = rules.due(calendar, start, amount, pauses)
    assert due is not None
    assert rules.running(calendar, start, due, pauses) == amount
    assert rules.running(calendar, start, due - TICK, pauses) < amount
    receipt = json.loads(json.dumps(receipts.receipt(calendar, start, amount, pauses)))
    assert receipts.recompute(receipt) == due
    assert in_words(receipt).startswith("Due ")
