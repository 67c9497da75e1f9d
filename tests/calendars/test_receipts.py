"""A receipt holds all that a due time depends on and says it to people."""

import copy
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from wfweb.calendars import receipts, rules, zones
from wfweb.calendars.rules import Pause
from wfweb.calendars.words import duration, in_words

HOUR = 3600
BODY = {
    "tz": "Europe/Berlin",
    "weekly": {
        day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
    },
    "overrides": {"2026-12-24": {"windows": [["08:00", "12:00"]], "name": "Christmas Eve"}},
    "breaks": {"2026-12-23": [["09:00", "09:30"]]},
    "holidays": [
        {"date": "2026-12-25", "name": "Christmas Day"},
        {"date": "2026-12-28", "name": "Bridge day", "off": True},
    ],
    "yearly_holidays": [{"date": "01-01", "name": "New Year's Day"}],
    "holiday_data": {"country": "DE", "subdivision": "BY", "version": "holidays 0.108"},
}
START = datetime(2026, 12, 23, 7, 30, tzinfo=UTC)


def stored(account: dict) -> dict:
    return json.loads(json.dumps(account))


def receipt(seconds: int = 20 * HOUR, pauses=()) -> dict:
    calendar = rules.compile_calendar(BODY)
    return stored(
        receipts.receipt(
            calendar, START, seconds, pauses, code="berlin", name="Berlin office", number=3
        )
    )


def test_it_recomputes_the_same_instant():
    account = receipt()
    assert receipts.recompute(account) == rules.add(rules.compile_calendar(BODY), START, 20 * HOUR)
    assert account["due"] == "2026-12-29T08:00:00Z"


def test_a_later_edit_of_the_calendar_changes_nothing():
    body = copy.deepcopy(BODY)
    account = stored(receipts.receipt(rules.compile_calendar(body), START, 20 * HOUR))
    before = receipts.recompute(account)
    body["holidays"].append({"date": "2026-12-29", "name": "Added today"})
    body["weekly"]["mon"] = [["10:00", "11:00"]]
    body["tz"] = "Asia/Tokyo"
    after = rules.add(rules.compile_calendar(body), START, 20 * HOUR)
    assert receipts.recompute(account) == before != after


def test_it_needs_neither_calendar_nor_zones(monkeypatch):
    account = receipt()
    monkeypatch.setattr(zones, "zone", None)
    monkeypatch.setattr(rules.Calendar, "forward", None)
    monkeypatch.setattr(rules.Calendar, "segments", None)
    assert receipts.recompute(account) == datetime(2026, 12, 29, 8, tzinfo=UTC)


def test_it_names_calendar_zone_and_data():
    account = receipt()
    calendar = rules.compile_calendar(BODY)
    assert account["calendar"] == {
        "code": "berlin",
        "name": "Berlin office",
        "version": 3,
        "digest": calendar.digest,
        "versions": [
            {
                "version": None,
                "effective_from": None,
                "zone": "Europe/Berlin",
                "digest": calendar.digest,
            }
        ],
    }
    assert (account["zone"], account["zone_data"]) == ("Europe/Berlin", zones.DATA_VERSION)
    assert account["holiday_data"] == [BODY["holiday_data"]]


def test_it_lists_what_was_counted_and_what_was_not():
    account = receipt()
    stretches = receipts.spans(account)
    assert sum(b - a for a, b in stretches) == 20 * HOUR * 1_000_000
    assert len(stretches) == 7
    assert account["days_off"] == {"sat": 1, "sun": 1}
    assert account["special_days"] == [
        {"date": "2026-12-23", "reason": "break", "windows": [["09:00", "09:30"]]},
        {
            "date": "2026-12-24",
            "reason": "override",
            "name": "Christmas Eve",
            "windows": [["08:00", "12:00"]],
        },
        {"date": "2026-12-25", "reason": "holiday", "name": "Christmas Day"},
    ]


def test_pauses_are_told_with_their_reasons_and_working_time():
    pause = Pause(START + timedelta(hours=1), START + timedelta(hours=5), "waiting for Ada")
    account = receipt(4 * HOUR, [pause])
    assert account["pauses"] == [
        {
            "from": "2026-12-23T08:30:00Z",
            "to": "2026-12-23T12:30:00Z",
            "reason": "waiting for Ada",
            "business_seconds": 3 * HOUR,
        }
    ]
    due = rules.due(rules.compile_calendar(BODY), START, 4 * HOUR, [pause])
    assert receipts.recompute(account) == due == datetime(2026, 12, 23, 16, tzinfo=UTC)


def test_a_pause_after_the_due_time_is_not_told():
    later = Pause(START + timedelta(days=9), None, "later")
    assert receipt(HOUR, [later])["pauses"] == []


def test_while_a_pause_lasts_the_receipt_says_what_is_left():
    account = receipt(4 * HOUR, [Pause(START + timedelta(hours=1), None, "supplier")])
    assert account["due"] is None
    assert account["remaining_seconds"] == 3 * HOUR + HOUR / 2
    assert receipts.recompute(account) is None
    assert in_words(account) == (
        "There is no due time while the clock is paused; 3 h 30 min of working time remain."
        " 4 h of working time count from Wednesday, 23 December 2026, 08:30 CET by the"
        " calendar “Berlin office”, version 3. Breaks: 23 December 2026 09:00–09:30."
        " Paused: since Wednesday, 23 December 2026, 09:30 CET (supplier)."
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.update(target_seconds=19 * HOUR),
        lambda a: a.update(due="2026-12-29T10:00:00Z"),
        lambda a: a.update(start="2026-12-24T07:30:00Z"),
        lambda a: a["counted"][0]["stretches"].reverse(),
        lambda a: a["counted"][0]["stretches"][0].__setitem__(1, 1799),
        lambda a: a["counted"].clear(),
    ],
)
def test_a_receipt_that_was_changed_does_not_add_up(change):
    account = receipt()
    change(account)
    with pytest.raises(receipts.ReceiptMismatchError):
        receipts.recompute(account)


def test_five_years_are_kept_in_weeks_and_still_exact():
    calendar = rules.compile_calendar(BODY)
    target = rules.elapsed(calendar, START, START + timedelta(days=1826)) - timedelta(
        microseconds=7
    )
    account = stored(receipts.receipt(calendar, START, target))
    assert receipts.recompute(account) == rules.add(calendar, START, target)
    assert len(receipts.spans(account)) > 2500
    assert len(account["counted"]) < 40


def test_microseconds_survive_the_receipt():
    calendar = rules.compile_calendar(BODY)
    start = START + timedelta(microseconds=123_457)
    account = stored(receipts.receipt(calendar, start, timedelta(seconds=7199, microseconds=3)))
    expected = rules.add(calendar, start, timedelta(seconds=7199, microseconds=3))
    assert receipts.recompute(account) == expected
    assert expected.microsecond == 123_460


def test_nothing_to_count_is_due_at_the_next_opening():
    night = START.replace(hour=2)
    account = stored(receipts.receipt(rules.compile_calendar(BODY), night, 0))
    assert account["due"] == "2026-12-23T07:00:00Z"
    assert receipts.recompute(account) == datetime(2026, 12, 23, 7, tzinfo=UTC)


def test_versions_that_were_valid_are_told():
    shorter = {"tz": "Europe/Berlin", "weekly": {"mon": [["08:00", "10:00"]]}}
    calendar = rules.compile_chain(
        [
            rules.Dated(None, BODY, 1),
            rules.Dated(date(2026, 12, 28), shorter, 2),
            rules.Dated(date(2029, 1, 1), BODY, 3),
        ]
    )
    account = stored(receipts.receipt(calendar, START, 20 * HOUR))
    told = [(v["version"], v["effective_from"]) for v in account["calendar"]["versions"]]
    assert told == [(1, None), (2, "2026-12-28")]
    assert receipts.recompute(account) == rules.add(calendar, START, 20 * HOUR)


def test_in_words():
    pause = Pause(START, START + timedelta(hours=2), "waiting for Ada")
    assert in_words(receipt(20 * HOUR, [pause])) == (
        "Due Tuesday, 29 December 2026, 10:30 CET (Europe/Berlin)."
        " 20 h of working time count from Wednesday, 23 December 2026, 08:30 CET by the"
        " calendar “Berlin office”, version 3."
        " Counting began Wednesday, 23 December 2026, 10:30 CET."
        " Not counted: 1 Saturday and 1 Sunday; Christmas Day (25 December 2026)."
        " Other hours: Christmas Eve (24 December 2026) open 08:00–12:00."
        " Breaks: 23 December 2026 09:00–09:30."
        " Paused: Wednesday, 23 December 2026, 08:30 CET to Wednesday, 23 December 2026,"
        " 10:30 CET (waiting for Ada), 1 h 30 min of working time."
    )


def test_in_words_says_when_counting_began_later():
    night = START.replace(hour=1)
    account = receipts.receipt(rules.compile_calendar(BODY), night, HOUR)
    assert "Counting began Wednesday, 23 December 2026, 08:00 CET." in in_words(account)
    assert "Counting began" not in in_words(receipt())


def test_in_words_names_the_first_few_holidays_only():
    body = {**BODY, "holidays": [f"2027-01-{day:02}" for day in range(4, 16)]}
    account = receipts.receipt(rules.compile_calendar(body), START, 100 * HOUR)
    assert "(4 January 2027)" not in in_words(account)
    assert "; 4 January 2027; " in in_words(account)
    assert in_words(account).count("2027;") == 5
    assert "; and 7 more." in in_words(account)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (3600, "1 h"), (5400, "1 h 30 min"), (3_600_020, "1,000 h 20 s")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
