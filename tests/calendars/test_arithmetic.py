"""Cases of business time that people argue about, one by one."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from wfweb.calendars import rules

HOUR = 3600
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICE = {day: [["09:00", "17:00"]] for day in DAYS[:5]}


def calendar(weekly: Any = None, tz: str = "UTC", **parts: Any) -> rules.Calendar:
    return rules.compile_calendar(
        {"tz": tz, "weekly": OFFICE if weekly is None else weekly, **parts}
    )


def at(month: int, day: int, hour: int = 0, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_a_due_time_on_closing_is_the_closing_instant():
    assert rules.add(calendar(), at(11, 19, 16), HOUR) == at(11, 19, 17)
    assert rules.add(calendar(), at(11, 19, 16), HOUR + 1) == at(11, 20, 9) + timedelta(seconds=1)


def test_subtracting_stops_at_the_opening():
    assert rules.subtract(calendar(), at(11, 20, 10), HOUR) == at(11, 20, 9)
    assert rules.subtract(calendar(), at(11, 20, 10), HOUR + 1) == at(11, 19, 17) - timedelta(
        seconds=1
    )


def test_nothing_to_count_goes_to_the_nearest_open_instant():
    assert rules.add(calendar(), at(11, 21, 12), 0) == at(11, 23, 9)
    assert rules.subtract(calendar(), at(11, 21, 12), 0) == at(11, 20, 17)
    assert rules.add(calendar(), at(11, 20, 12), 0) == at(11, 20, 12)
    assert rules.add(calendar(), at(11, 20, 17), 0) == at(11, 23, 9)


def test_the_opening_instant_is_open_and_the_closing_is_not():
    assert rules.is_open(calendar(), at(11, 20, 9))
    assert not rules.is_open(calendar(), at(11, 20, 17))
    assert rules.is_open(calendar(), at(11, 20, 17) - timedelta(microseconds=1))


def test_an_overnight_shift_belongs_to_the_day_it_starts_on():
    night = calendar({"fri": [["22:00", "06:00"]]}, holidays=["2026-11-21"])
    assert rules.between(night, at(11, 20), at(11, 22)) == 8 * HOUR  # Saturday's holiday is moot
    shut = calendar({"fri": [["22:00", "06:00"]]}, holidays=["2026-11-20"])
    assert rules.between(shut, at(11, 20), at(11, 22)) == 0


def test_a_night_that_runs_into_an_override_counts_once():
    both = calendar(
        {day: [["22:00", "06:00"]] for day in DAYS}, overrides={"2026-11-20": [["05:00", "08:00"]]}
    )
    found = list(rules.segments(both, at(11, 19, 20), at(11, 20, 20)))
    assert found == [rules.Segment(at(11, 19, 22), at(11, 20, 8))]


def test_a_break_is_wall_time_on_its_date_also_within_last_nights_shift():
    night = calendar({"thu": [["22:00", "06:00"]]}, breaks={"2026-11-20": [["02:00", "03:00"]]})
    assert rules.between(night, at(11, 19), at(11, 21)) == 7 * HOUR


def test_a_holiday_closes_even_an_override_until_it_is_switched_off():
    half = {"2026-12-24": [["09:00", "12:00"]]}
    closed = calendar(overrides=half, holidays=["2026-12-24"])
    assert rules.between(closed, at(12, 24), at(12, 25)) == 0
    opened = calendar(overrides=half, holidays=[{"date": "2026-12-24", "off": True}])
    assert rules.between(opened, at(12, 24), at(12, 25)) == 3 * HOUR


def test_one_years_off_switch_opens_a_yearly_holiday():
    off = calendar(yearly_holidays=["12-25"], holidays=[{"date": "2026-12-25", "off": True}])
    assert rules.between(off, at(12, 25), at(12, 26)) == 8 * HOUR
    assert rules.between(off, at(12, 25, year=2028), at(12, 26, year=2028)) == 0


def test_a_yearly_29_february_is_a_holiday_in_leap_years_only():
    leap = calendar({day: [["09:00", "10:00"]] for day in DAYS}, yearly_holidays=["02-29"])
    assert rules.between(leap, at(2, 28, year=2028), at(3, 2, year=2028)) == 2 * HOUR
    assert rules.between(leap, at(2, 28), at(3, 2)) == 2 * HOUR


def test_days_on_which_clocks_change_have_23_and_25_hours():
    always = calendar({day: [["00:00", "24:00"]] for day in DAYS}, tz="Europe/Paris")
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 1), 24)):
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall clock
        start = rules.instant(always, midnight)
        end = rules.instant(always, midnight + timedelta(days=1))
        assert rules.between(always, start, end) == hours * HOUR


def test_a_shift_over_the_change_is_as_long_as_it_really_was():
    night = calendar({"sat": [["22:00", "06:00"]]}, tz="America/New_York")
    assert rules.between(night, at(3, 7), at(3, 10)) == 7 * HOUR
    assert rules.between(night, at(10, 31), at(11, 3)) == 9 * HOUR


def test_a_due_time_in_a_gap_is_the_first_instant_after_it():
    berlin = calendar(tz="Europe/Berlin")
    skipped = datetime(2026, 3, 29, 2, 30, 7)  # noqa: DTZ001 - a wall clock
    assert rules.instant(berlin, skipped) == at(3, 29, 1)
    sydney = calendar(tz="Australia/Sydney")
    twice = datetime(2026, 4, 5, 2, 30)  # noqa: DTZ001 - a wall clock
    assert rules.instant(sydney, twice) == at(4, 4, 15, 30)


def test_each_version_counts_its_own_days():
    short = {"tz": "UTC", "weekly": {day: [["09:00", "12:00"]] for day in DAYS}}
    chain = rules.compile_chain(
        [
            rules.Dated(None, {"tz": "UTC", "weekly": OFFICE}, 1),
            rules.Dated(date(2026, 11, 20), short, 2),
        ]
    )
    assert rules.between(chain, at(11, 19), at(11, 20)) == 8 * HOUR
    assert rules.between(chain, at(11, 20), at(11, 22)) == 6 * HOUR
    assert rules.add(chain, at(11, 19, 16), 3 * HOUR) == at(11, 20, 11)
    assert rules.subtract(chain, at(11, 20, 10), 2 * HOUR) == at(11, 19, 16)
    assert chain.version_on(date(2026, 11, 19)).number == 1
    assert chain.version_on(date(2026, 11, 20)).number == 2


def test_the_night_before_a_new_version_is_worked_to_its_end():
    chain = rules.compile_chain(
        [
            rules.Dated(None, {"tz": "UTC", "weekly": {"thu": [["22:00", "06:00"]]}}),
            rules.Dated(date(2026, 11, 20), {"tz": "UTC", "weekly": {"mon": [["09:00", "10:00"]]}}),
        ]
    )
    assert rules.between(chain, at(11, 19), at(11, 23)) == 8 * HOUR


def test_always_is_always():
    assert rules.between(rules.ALWAYS, at(1, 1), at(1, 1, year=2031)) == 1826 * 86_400
    assert rules.add(rules.ALWAYS, at(12, 31, 23), 7200) == at(1, 1, 1, year=2027)
    assert list(rules.segments(rules.ALWAYS, at(6, 1), at(6, 1, year=2029))) == [
        rules.Segment(at(6, 1), at(6, 1, year=2029))
    ]
    new_year = at(1, 1, year=2027)
    assert rules.previous_open(rules.ALWAYS, new_year) == new_year
    assert rules.next_open(rules.ALWAYS, new_year) == new_year


def test_instants_of_other_zones_are_the_same_instants():
    east = at(11, 20, 10).astimezone(timezone(timedelta(hours=9)))
    found = rules.add(calendar(), east, HOUR)
    assert found == at(11, 20, 11)
    assert found.tzinfo is UTC


def test_an_end_before_the_start_is_refused():
    for ask in (rules.between, rules.elapsed, rules.segments):
        with pytest.raises(rules.UnanswerableQuestion) as refusal:
            ask(calendar(), at(11, 20), at(11, 19))
        assert refusal.value.errors[0].code == "end_before_start"
    assert rules.between(calendar(), at(11, 20, 12), at(11, 20, 12)) == 0


def test_less_than_nothing_is_refused():
    for ask in (rules.add, rules.subtract):
        with pytest.raises(rules.UnanswerableQuestion):
            ask(calendar(), at(11, 20), -1)


def test_a_time_without_zone_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="time zone"):
        rules.is_open(calendar(), datetime(2026, 11, 20))  # noqa: DTZ001 - the mistake


@pytest.mark.parametrize("seconds", [201 * 366 * 86_400, 10**30])
def test_durations_of_centuries_are_refused(seconds):
    for ask in (rules.add, rules.subtract):
        with pytest.raises(rules.TooFar):
            ask(rules.ALWAYS, at(11, 20), seconds)


def test_centuries_away_is_refused_also_for_little_time():
    once = calendar({}, overrides={"2026-12-01": [["09:00", "10:00"]]})
    assert rules.add(once, at(11, 1), HOUR) == at(12, 1, 10)
    for ask in (rules.next_open, lambda c, m: rules.add(c, m, HOUR)):
        with pytest.raises(rules.TooFar):
            ask(once, at(12, 2))
    with pytest.raises(rules.TooFar):
        rules.previous_open(once, at(12, 1))
    with pytest.raises(rules.TooFar):
        rules.subtract(once, at(12, 1, 10), HOUR + 1)


def test_the_ends_of_time_are_refused():
    for moment in (at(1, 1, year=1), at(1, 1, year=2400), at(12, 31, year=9999)):
        with pytest.raises(rules.TooFar):
            rules.is_open(calendar(), moment)
    with pytest.raises(rules.TooFar):
        rules.between(calendar(), at(1, 1, year=1900), at(1, 1, year=2101))
    assert rules.between(calendar(), at(1, 1, year=1900), at(1, 1, year=2100)) > 0


def test_long_memory_is_bounded():
    one = calendar({"mon": [["01:01", "01:02"]]})
    first = rules.between(one, at(1, 1, year=1950), at(1, 1, year=2149))
    assert len(one._tables) <= 64
    assert rules.between(one, at(1, 1, year=1950), at(1, 1, year=2149)) == first
