"""Business-time arithmetic on UTC instants: the one place that says how working time is counted.

Windows are half-open. ``add`` answers the earliest instant that has the time behind it, so a due
time that falls on closing is the closing instant; ``subtract`` answers the latest. Both with
nothing to count go to the nearest open instant. Elapsed instants count: a day on which the
clocks change has 23 or 25 hours. docs/business-time.md has the whole table of cases.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from wfweb.calendars import zones
from wfweb.calendars.body import WEEKDAYS
from wfweb.calendars.compiling import Dated, compile_calendar, compile_chain
from wfweb.calendars.instants import EPOCH, SECOND, Duration, amount_of, instant_of, micros
from wfweb.calendars.pauses import Pause, due, running
from wfweb.calendars.problems import CalendarProblem, TooFar, UnanswerableQuestion, refused
from wfweb.calendars.segments import Calendar, Version

__all__ = [
    "ALWAYS",
    "Calendar",
    "CalendarProblem",
    "Dated",
    "Pause",
    "Segment",
    "TooFar",
    "UnanswerableQuestion",
    "Version",
    "add",
    "between",
    "compile_calendar",
    "compile_chain",
    "due",
    "elapsed",
    "instant",
    "is_open",
    "next_open",
    "previous_open",
    "running",
    "segments",
    "subtract",
]


@dataclass(frozen=True, slots=True)
class Segment:
    """Open without a break from start (counted) to end (not counted), both UTC."""

    start: datetime
    end: datetime


def add(calendar: Calendar, start: datetime, seconds: Duration) -> datetime:
    """The earliest instant with so much working time since start; with none, the next open one.

    Raises TooFar beyond 200 years, UnanswerableQuestion for less than nothing.
    """
    amount, at = amount_of(seconds), micros(start)
    return instant_of(calendar.forward(at, amount) if amount else calendar.next_open(at))


def subtract(calendar: Calendar, start: datetime, seconds: Duration) -> datetime:
    """The latest instant from which so much is worked until start; with none, the last open one.

    Raises as ``add``.
    """
    amount = amount_of(seconds)
    moment = micros(start)
    return instant_of(
        calendar.backward(moment, amount) if amount else calendar.previous_open(moment)
    )


def elapsed(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Working time between two instants, exact to the microsecond.

    Raises UnanswerableQuestion when the end is before the start, TooFar beyond 200 years.
    """
    low, high = _ordered(start, end)
    return timedelta(microseconds=calendar.elapsed(low, high))


def between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Whole business seconds between two instants (``elapsed`` has the fraction as well)."""
    low, high = _ordered(start, end)
    return calendar.elapsed(low, high) // SECOND


def is_open(calendar: Calendar, moment: datetime) -> bool:
    """Whether work is going on; at the closing instant it no longer is."""
    return calendar.is_open(micros(moment))


def next_open(calendar: Calendar, moment: datetime) -> datetime:
    """The moment itself when open, else the next opening. Raises TooFar when there is none."""
    return instant_of(calendar.next_open(micros(moment)))


def previous_open(calendar: Calendar, moment: datetime) -> datetime:
    """The moment itself when it was open just before it, else the closing before it."""
    return instant_of(calendar.previous_open(micros(moment)))


def segments(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Segment]:
    """Open segments from start to end, cut at both. Raises as ``elapsed``."""
    low, high = _ordered(start, end)
    return (Segment(instant_of(a), instant_of(b)) for a, b in calendar.segments(low, high))


def instant(calendar: Calendar, wall: datetime) -> datetime:
    """When the clock in the calendar's zone first shows a time (given without zone), as UTC.

    A time that daylight saving skips is the first instant after the gap.
    """
    shown = wall.replace(tzinfo=None) - zones.EPOCH
    whole, fraction = divmod(shown, timedelta(seconds=1))
    at = zones.first_instant(zones.zone(calendar.tz), whole)
    return EPOCH + timedelta(seconds=at) + fraction


def _ordered(start: datetime, end: datetime) -> tuple[int, int]:
    low, high = micros(start), micros(end)
    if high < low:
        raise refused("/end", "The end is before the start", "end_before_start")
    return low, high


ALWAYS = compile_calendar({"tz": "UTC", "weekly": {day: [["00:00", "24:00"]] for day in WEEKDAYS}})
"""Day and night, all the year."""
