"""A clock that stands still now and then: when it is due, and how long it has run. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from wfweb.calendars.instants import Duration, amount_of, instant_of, micros
from wfweb.calendars.problems import refused
from wfweb.calendars.segments import Calendar


class Pause(NamedTuple):
    """From start to end nothing counts; without an end it still lasts."""

    start: datetime
    end: datetime | None = None
    reason: str = ""


def united_pauses(pauses: Iterable[Pause]) -> list[tuple[int, int | None]]:
    """Pauses in order as microseconds, with those that touch or overlap made one.

    Raises UnanswerableQuestion for one that ends before it starts.
    """
    spans: list[tuple[int, int | None]] = []
    for number, pause in enumerate(pauses):
        start, end = micros(pause.start), None if pause.end is None else micros(pause.end)
        if end is not None and end < start:
            message = "The pause ends before it starts"
            raise refused(f"/pauses/{number}", message, "end_before_start")
        spans.append((start, end))
    found: list[tuple[int, int | None]] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        if found and (found[-1][1] is None or start <= found[-1][1]):
            last_start, last_end = found[-1]
            joined = None if last_end is None or end is None else max(last_end, end)
            found[-1] = (last_start, joined)
        else:
            found.append((start, end))
    return found


def runs(start: int, end: int, pauses: Iterable[Pause]) -> Iterator[tuple[int, int]]:
    """The stretches from start to end in which nothing is paused."""
    at = start
    for stopped, resumed in united_pauses(pauses):
        if stopped >= end:
            break
        if stopped > at:
            yield at, stopped
        if resumed is None:
            return
        at = max(at, resumed)
    if at < end:
        yield at, end


def due(
    calendar: Calendar, start: datetime, seconds: Duration, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """The earliest instant with so much unpaused working time since start.

    None when a pause without an end comes first: nobody can know. Raises as ``rules.add``.
    """
    left, at = amount_of(seconds), micros(start)
    if not left:
        return instant_of(calendar.next_open(at))
    for stopped, resumed in united_pauses(pauses):
        if stopped > at:
            worked = calendar.elapsed(at, stopped)
            if left <= worked:
                break
            left -= worked
        if resumed is None:
            return None
        at = max(at, resumed)
    return instant_of(calendar.forward(at, left))


def running(
    calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()
) -> timedelta:
    """Working time from start to end in which nothing was paused, exact.

    Raises UnanswerableQuestion when the end is before the start, TooFar beyond 200 years.
    """
    low, high = micros(start), micros(end)
    if high < low:
        raise refused("/end", "The end is before the start", "end_before_start")
    worked = sum(calendar.elapsed(a, b) for a, b in runs(low, high, pauses))
    return timedelta(microseconds=worked)
