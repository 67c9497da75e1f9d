"""When a message may leave: tables of quiet hours and digest moments, clock changes included."""

from datetime import datetime, timedelta

import pytest

from wfweb.notifications import rules
from wfweb.notifications.rules import Digest, Quiet, Wishes

BERLIN = "Europe/Berlin"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NIGHT = Quiet("22:00", "07:00")
NOON = Quiet("12:00", "13:00", WEEKDAYS)
FRIDAY_NIGHT = Quiet("22:00", "07:00", ("fri",))
SUNDAY_NIGHT = Quiet("22:00", "07:00", ("sun",))
WEEKEND = Quiet("00:00", "00:00", ("sat", "sun"))


@pytest.mark.parametrize(
    ("quiet", "zone", "moment", "ends"),
    [
        (None, BERLIN, "2026-11-20T23:00+01:00", "2026-11-20T23:00+01:00"),
        (NIGHT, BERLIN, "2026-11-20T21:59:59+01:00", "2026-11-20T21:59:59+01:00"),
        (NIGHT, BERLIN, "2026-11-20T22:00+01:00", "2026-11-21T07:00+01:00"),
        (NIGHT, BERLIN, "2026-11-21T00:00+01:00", "2026-11-21T07:00+01:00"),
        (NIGHT, BERLIN, "2026-11-21T06:59:59+01:00", "2026-11-21T07:00+01:00"),
        (NIGHT, BERLIN, "2026-11-21T07:00+01:00", "2026-11-21T07:00+01:00"),
        (NIGHT, "America/New_York", "2026-11-21T04:00+00:00", "2026-11-21T12:00+00:00"),
        (NOON, BERLIN, "2026-11-20T12:30+01:00", "2026-11-20T13:00+01:00"),
        (NOON, BERLIN, "2026-11-21T12:30+01:00", "2026-11-21T12:30+01:00"),
        # A window belongs to the day it starts on.
        (FRIDAY_NIGHT, BERLIN, "2026-11-20T23:00+01:00", "2026-11-21T07:00+01:00"),
        (FRIDAY_NIGHT, BERLIN, "2026-11-21T06:00+01:00", "2026-11-21T07:00+01:00"),
        (FRIDAY_NIGHT, BERLIN, "2026-11-20T06:00+01:00", "2026-11-20T06:00+01:00"),
        (FRIDAY_NIGHT, BERLIN, "2026-11-21T23:00+01:00", "2026-11-21T23:00+01:00"),
        # From Sunday into Monday: the week is a ring.
        (SUNDAY_NIGHT, BERLIN, "2026-11-23T06:00+01:00", "2026-11-23T07:00+01:00"),
        # Whole days, and two that follow each other.
        (WEEKEND, BERLIN, "2026-11-21T00:00+01:00", "2026-11-23T00:00+01:00"),
        (WEEKEND, BERLIN, "2026-11-20T23:59+01:00", "2026-11-20T23:59+01:00"),
        # The night of the change to summer time has 8 hours, of the change back 10.
        (NIGHT, BERLIN, "2026-03-28T22:00+01:00", "2026-03-29T07:00+02:00"),
        (NIGHT, BERLIN, "2026-10-24T22:00+02:00", "2026-10-25T07:00+01:00"),
        # An end that the change to summer time skips is the end of the gap.
        (Quiet("22:00", "02:30"), BERLIN, "2026-03-28T23:00+01:00", "2026-03-29T03:00+02:00"),
    ],
)
def test_quiet_hours_end(quiet, zone, moment, ends):
    assert rules.quiet_ends(quiet, zone, at(moment)) == at(ends)


@pytest.mark.parametrize(
    ("digest", "zone", "moment", "due"),
    [
        (Digest("day", "08:00"), BERLIN, "2026-11-20T07:59+01:00", "2026-11-20T08:00+01:00"),
        (Digest("day", "08:00"), BERLIN, "2026-11-20T08:00+01:00", "2026-11-21T08:00+01:00"),
        (Digest("day", "08:00"), BERLIN, "2026-11-20T23:30+00:00", "2026-11-21T08:00+01:00"),
        (Digest("day", "08:00"), BERLIN, "2026-03-28T09:00+01:00", "2026-03-29T08:00+02:00"),
        (Digest("day", "02:30"), BERLIN, "2026-03-28T09:00+01:00", "2026-03-29T03:00+02:00"),
        (Digest("day", "02:30"), BERLIN, "2026-10-25T00:00+02:00", "2026-10-25T02:30+02:00"),
        (Digest("day", "02:30"), BERLIN, "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"),
        (Digest("hour"), BERLIN, "2026-11-20T08:00+01:00", "2026-11-20T09:00+01:00"),
        (Digest("hour"), BERLIN, "2026-11-20T08:59:59.5+01:00", "2026-11-20T09:00+01:00"),
        (Digest("hour"), "Asia/Kolkata", "2026-11-20T08:10+00:00", "2026-11-20T08:30+00:00"),
    ],
)
def test_digest_moments(digest, zone, moment, due):
    assert rules.next_digest(digest, zone, at(moment)) == at(due)


def test_a_digest_whose_moment_is_quiet_comes_when_that_ends():
    wishes = Wishes(quiet=NIGHT, digest=Digest("hour"))
    held = rules.hold(wishes, "digest", BERLIN, at("2026-11-20T21:30+01:00"))
    assert (held.why, held.until) == ("digest", at("2026-11-21T07:00+01:00"))


def test_what_comes_at_once_waits_for_the_end_of_quiet_hours_only():
    wishes = Wishes(quiet=NIGHT)
    held = rules.hold(wishes, "at_once", BERLIN, at("2026-11-20T23:00+01:00"))
    assert (held.why, held.until) == ("quiet", at("2026-11-21T07:00+01:00"))
    assert rules.hold(wishes, "at_once", BERLIN, at("2026-11-20T12:00+01:00")) == rules.Hold()


@pytest.mark.parametrize(
    ("wishes", "pointers"),
    [
        (Wishes(), []),
        (Wishes(channels={"approvals": {"in_app": "off"}}), ["/channels/approvals/in_app"]),
        (Wishes(channels={"approvals": {"in_app": "digest", "email": "off"}}), []),
        (Wishes(channels={"alerts": {"in_app": "off", "email": "off"}}), []),
        (Wishes(quiet=Quiet("20:00", "07:00", ())), ["/quiet/days"]),
        (Wishes(quiet=Quiet("07:00", "07:00")), ["/quiet/end"]),
        (Wishes(quiet=WEEKEND), []),
    ],
)
def test_what_cannot_be_chosen(wishes, pointers):
    assert [pointer for pointer, _text in rules.problems(wishes)] == pointers


def test_quiet_hours_always_end_within_a_week():
    quiet = Quiet("00:01", "00:00")
    start = at("2026-11-16T00:00+00:00")
    for hour in range(0, 24 * 7, 5):
        moment = start + timedelta(hours=hour)
        assert rules.quiet_ends(quiet, "UTC", moment) - moment <= timedelta(days=7)
