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
from wfweb.calendars.problems import CalendarProblem, TooFar, UnanswerableQuestion, refused, too_far
from wfweb.calendars.segments import EPOCH, FARTHEST_YEARS, SECOND, Calendar, Version, micros

__all__ = [
    "ALWAYS",
    "Calendar",
    "CalendarProblem",
    "Dated",
    "Segment",
    "TooFar",
    "UnanswerableQuestion",
    "Version",
    "add",
    "between",
    "compile_calendar",
    "compile_chain",
    "elapsed",
    "instant",
    "is_open",
    "next_open",
    "previous_open",
    "segments",
    "subtract",
]

MOST_SECONDS = FARTHEST_YEARS * 366 * 86_400
Duration = int | timedelta
"""Business seconds; a timedelta where microseconds matter."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Open without a break from start (counted) to end (not counted), both UTC."""

    start: datetime
    end: datetime


def add(calendar: Calendar, start: datetime, seconds: Duration) -> datetime:
    """The earliest instant with so much working time since start; with none, the next open one.

    Raises TooFar beyond 200 years, UnanswerableQuestion for less than nothing.
    """
    amount = _amount(seconds)
    moment = micros(start)
    return _instant(calendar.forward(moment, amount) if amount else calendar.next_open(moment))


def subtract(calendar: Calendar, start: datetime, seconds: Duration) -> datetime:
    """The latest instant from which so much is worked until start; with none, the last open one.

    Raises as ``add``.
    """
    amount = _amount(seconds)
    moment = micros(start)
    return _instant(calendar.backward(moment, amount) if amount else calendar.previous_open(moment))


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
    return _instant(calendar.next_open(micros(moment)))


def previous_open(calendar: Calendar, moment: datetime) -> datetime:
    """The moment itself when it was open just before it, else the closing before it."""
    return _instant(calendar.previous_open(micros(moment)))


def segments(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Segment]:
    """Open segments from start to end, cut at both. Raises as ``elapsed``."""
    low, high = _ordered(start, end)
    return (Segment(_instant(a), _instant(b)) for a, b in calendar.segments(low, high))


def instant(calendar: Calendar, wall: datetime) -> datetime:
    """When the clock in the calendar's zone first shows a time (given without zone), as UTC.

    A time that daylight saving skips is the first instant after the gap.
    """
    shown = wall.replace(tzinfo=None) - zones.EPOCH
    whole, fraction = divmod(shown, timedelta(seconds=1))
    at = zones.first_instant(zones.zone(calendar.tz), whole)
    return EPOCH + timedelta(seconds=at) + fraction


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _amount(seconds: Duration) -> int:
    if isinstance(seconds, timedelta):
        micros = (seconds.days * 86_400 + seconds.seconds) * SECOND + seconds.microseconds
    else:
        micros = seconds * SECOND
    if micros < 0:
        raise refused("/seconds", "A duration is not less than nothing", "negative")
    if micros > MOST_SECONDS * SECOND:
        raise too_far(f"Working time is computed over at most {FARTHEST_YEARS} years")
    return micros


def _ordered(start: datetime, end: datetime) -> tuple[int, int]:
    low, high = micros(start), micros(end)
    if high < low:
        raise refused("/end", "The end is before the start", "end_before_start")
    return low, high


ALWAYS = compile_calendar({"tz": "UTC", "weekly": {day: [["00:00", "24:00"]] for day in WEEKDAYS}})
"""Day and night, all the year."""
