"""What a calendar's body may say, and how each wrong place is named."""

from datetime import date
from typing import Any

import pytest

from wfweb.calendars import rules

WEEK = {"mon": [["09:00", "17:00"]]}


def body(**parts: Any) -> dict[str, Any]:
    return {"tz": "Europe/Berlin", "weekly": WEEK, **parts}


WRONG = [
    ([], "", "type"),
    ({"weekly": WEEK}, "/tz", "unknown_zone"),
    (body(tz="Mars/Olympus"), "/tz", "unknown_zone"),
    (body(tz="../../../etc/passwd"), "/tz", "unknown_zone"),
    (body(tz=5), "/tz", "unknown_zone"),
    (body(weekly={}), "/weekly", "empty"),
    (body(weekly={"mon": [], "tue": []}), "/weekly", "empty"),
    (body(weekly=None), "/weekly", "type"),
    (body(weekly={**WEEK, "monday": []}), "/weekly/monday", "wrong"),
    (body(weekly={"mon": "09:00-17:00"}), "/weekly/mon", "wrong"),
    (body(weekly={"mon": ["09:00", "17:00"]}), "/weekly/mon/0", "type"),
    (body(weekly={"mon": [["09:00"]]}), "/weekly/mon/0", "type"),
    (body(weekly={"mon": [["9:00", "17:00"]]}), "/weekly/mon/0/0", "time"),
    (body(weekly={"mon": [["09:00", "17:60"]]}), "/weekly/mon/0/1", "time"),
    (body(weekly={"mon": [["09:00", "24:01"]]}), "/weekly/mon/0/1", "time"),
    (body(weekly={"mon": [["٠٩:00", "17:00"]]}), "/weekly/mon/0/0", "time"),
    (body(weekly={"mon": [["09:00\n", "17:00"]]}), "/weekly/mon/0/0", "time"),
    (body(weekly={"mon": [[9, 17]]}), "/weekly/mon/0/0", "time"),
    (body(weekly={"mon": [["24:00", "05:00"]]}), "/weekly/mon/0/0", "time"),
    (body(weekly={"mon": [["09:00", "09:00"]]}), "/weekly/mon/0", "empty"),
    (body(weekly={"mon": [["00:00", "00:00"]]}), "/weekly/mon/0", "empty"),
    (body(weekly={"mon": [["09:00", "12:00"], ["11:59", "17:00"]]}), "/weekly/mon/1", "overlap"),
    (body(weekly={"mon": [["11:59", "17:00"], ["09:00", "12:00"]]}), "/weekly/mon/0", "overlap"),
    (
        body(weekly={"mon": [["22:00", "06:00"]], "tue": [["05:00", "12:00"]]}),
        "/weekly/mon",
        "overlap",
    ),
    (
        body(weekly={"sun": [["22:00", "06:00"]], "mon": [["05:59", "12:00"]]}),
        "/weekly/sun",
        "overlap",
    ),
    (
        body(weekly={"mon": [[f"{h:02}:{m}0", f"{h:02}:{m}5"] for h in range(24) for m in (0, 3)]}),
        "/weekly/mon",
        "too_many",
    ),
    (body(overrides=[]), "/overrides", "type"),
    (body(overrides={"2026-02-30": []}), "/overrides/2026-02-30", "date"),
    (body(overrides={"mon": []}), "/overrides/mon", "date"),
    (body(overrides={"a/b~c": []}), "/overrides/a~1b~0c", "date"),
    (body(overrides={"2026-01-02": {"name": "x"}}), "/overrides/2026-01-02/windows", "wrong"),
    (
        body(overrides={"2026-01-02": {"windows": [], "open": True}}),
        "/overrides/2026-01-02/open",
        "unknown",
    ),
    (body(breaks={"2026-01-02": [["x", "y"]]}), "/breaks/2026-01-02/0/0", "time"),
    (body(breaks={"1066-10-14": []}), "/breaks/1066-10-14", "date"),
    (body(holidays={}), "/holidays", "type"),
    (body(holidays=["2026-12-25", "26.12.2026"]), "/holidays/1", "date"),
    (body(holidays=["20261225"]), "/holidays/0", "date"),
    (body(holidays=["2026-12-25", {"date": "2026-12-25"}]), "/holidays/1/date", "duplicate"),
    (body(holidays=[{"date": "2026-12-25", "off": "yes"}]), "/holidays/0/off", "type"),
    (body(holidays=[{"date": "2026-12-25", "name": "x" * 201}]), "/holidays/0/name", "type"),
    (body(holidays=[{"date": "2026-12-25", "title": "x"}]), "/holidays/0/title", "unknown"),
    (body(holidays=[{"name": "x"}]), "/holidays/0/date", "date"),
    (body(holidays=[None]), "/holidays/0", "date"),
    (body(holidays=["2026-12-25"] * 5001), "/holidays", "too_many"),
    (body(yearly_holidays=["02-30"]), "/yearly_holidays/0", "date"),
    (
        body(yearly_holidays=["12-25", {"date": "12-25", "off": True}]),
        "/yearly_holidays/1/date",
        "duplicate",
    ),
    (body(yearly_holidays=["2026-12-25"]), "/yearly_holidays/0", "date"),
    (body(holiday_data={"source": "x"}), "/holiday_data/source", "unknown"),
    (body(holiday_data={"country": 49}), "/holiday_data/country", "type"),
    (body(hours=[]), "/hours", "unknown"),
    (body(weekly={"mon": [[{1, 2}, "17:00"]]}), "", "type"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "pointer", "code"), WRONG, ids=lambda v: str(v)[:60])
def test_a_wrong_body_is_refused_at_its_place(wrong: Any, pointer: str, code: str):
    with pytest.raises(rules.CalendarProblem) as refusal:
        rules.compile_calendar(wrong)
    assert (refusal.value.errors[0].pointer, refusal.value.errors[0].code) == (pointer, code)
    assert refusal.value.status == 422


def test_all_wrong_places_are_named_at_once():
    with pytest.raises(rules.CalendarProblem) as refusal:
        rules.compile_calendar(
            {"tz": "", "weekly": {"mon": [["x", "y"]]}, "holidays": ["never"], "more": 1}
        )
    assert [error.pointer for error in refusal.value.errors] == [
        "/more", "/tz", "/weekly/mon/0/0", "/weekly/mon/0/1", "/holidays/0",
    ]  # fmt: skip


def test_windows_may_touch_and_stand_in_any_order():
    apart = body(weekly={"mon": [["12:00", "17:00"], ["09:00", "12:00"]]})
    segments = rules.compile_calendar(apart).versions[0].body.weekly[0]
    assert [(w.opens // 3600, w.closes // 3600) for w in segments] == [(9, 12), (12, 17)]


def test_the_same_content_is_compiled_once():
    one = rules.compile_calendar({"tz": "Europe/Berlin", "weekly": WEEK})
    assert rules.compile_calendar({"weekly": WEEK, "tz": "Europe/Berlin"}) is one
    other = rules.compile_calendar(body(holidays=["2026-12-25"]))
    assert other is not one
    assert other.digest != one.digest


def test_a_calendar_without_working_time_in_the_next_year_is_refused():
    once = {"tz": "UTC", "weekly": {}, "overrides": {"2026-12-01": [["09:00", "10:00"]]}}
    assert rules.compile_calendar(once, on=date(2026, 11, 21))
    with pytest.raises(rules.CalendarProblem) as refusal:
        rules.compile_calendar(once, on=date(2026, 12, 2))
    assert refusal.value.errors[0].code == "empty"
    closed = body(yearly_holidays=[f"{m:02}-{d:02}" for m in range(1, 13) for d in range(1, 29)],
                  weekly={"sat": [["00:00", "00:01"]]},
                  holidays=[f"2026-{m:02}-{d}" for m in range(1, 13) if m != 2 for d in (29, 30)]
                  + ["2026-01-31", "2026-10-31"])  # fmt: skip
    with pytest.raises(rules.CalendarProblem):
        rules.compile_calendar(closed, on=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("dates", "pointer"),
    [
        ([], ""),
        ([None, None], "/1/effective_from"),
        ([date(2026, 1, 1), date(2026, 1, 1)], "/1/effective_from"),
        ([None, date(2027, 1, 1), date(2026, 1, 1)], "/2/effective_from"),
    ],
)
def test_versions_follow_each_other(dates, pointer):
    with pytest.raises(rules.CalendarProblem) as refusal:
        rules.compile_chain([rules.Dated(begins, body()) for begins in dates])
    assert refusal.value.errors[0].pointer == pointer


def test_a_wrong_version_is_named_by_its_number():
    with pytest.raises(rules.CalendarProblem) as refusal:
        rules.compile_chain(
            [rules.Dated(None, body()), rules.Dated(date(2027, 1, 1), body(tz="Nowhere"))]
        )
    assert [error.pointer for error in refusal.value.errors] == ["/1/tz"]


def test_a_chain_of_one_is_the_calendar_itself():
    chain = rules.compile_chain([rules.Dated(date(2026, 1, 1), body())])
    assert chain.digest == rules.compile_calendar(body()).digest
