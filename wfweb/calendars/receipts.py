"""The receipt of a due time: all it depends on, in plain JSON, so that it can be recomputed.

``counted`` holds every stretch of time that was counted, in weeks: an entry is the instant its
first stretch begins, the stretches as (seconds from there, seconds long) and how often the same
week comes, one after the other. Added up they are the target, to the microsecond, and the end of
the last one is the due time; nothing has to be looked up. The days and names beside them say
why other time was not counted. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from wfweb.calendars import zones
from wfweb.calendars.instants import FARTHEST_YEARS, SECOND, Duration, amount_of, instant_of, micros
from wfweb.calendars.pauses import Pause, due, runs
from wfweb.calendars.segments import Calendar
from wfweb.calendars.skipped import days_off, holiday_data, special_days, versions

FORM = 1
WEEK = 7 * 86_400 * SECOND
MOST_WEEKS = FARTHEST_YEARS * 53
Span = tuple[int, int]


class ReceiptMismatchError(ValueError):
    """A receipt whose figures do not add up: it was changed after it was written."""


def receipt(
    calendar: Calendar,
    start: datetime,
    seconds: Duration,
    pauses: Iterable[Pause] = (),
    *,
    code: str = "",
    name: str = "",
    number: int | None = None,
) -> dict[str, Any]:
    """The receipt of ``rules.due`` with the same arguments, as plain JSON.

    ``code``, ``name`` and version ``number`` say which calendar it was. While a pause without an
    end keeps the due time open, ``due`` is null and ``remaining_seconds`` says what is left.
    Raises as ``rules.due``.
    """
    known = sorted(pauses, key=lambda pause: micros(pause.start))
    target, begun = amount_of(seconds), micros(start)
    found = due(calendar, start, seconds, known)
    end = _accounted_until(begun, found, known)
    counted = _counted(calendar, begun, end, known) if target else []
    worked = sum(b - a for a, b in counted)
    return {
        "form": FORM,
        "calendar": {
            "code": code,
            "name": name,
            "version": number,
            "digest": calendar.digest,
            "versions": versions(calendar, begun, end),
        },
        "zone": calendar.tz,
        "zone_data": zones.DATA_VERSION,
        "holiday_data": holiday_data(calendar, begun, end),
        "start": _text(begun),
        "target_seconds": _seconds(target),
        "pauses": [
            _pause(calendar, begun, end, pause) for pause in known if _meets(pause, begun, end)
        ],
        "counted": _weeks(counted),
        "days_off": days_off(calendar, begun, end),
        "special_days": special_days(calendar, begun, end),
        "due": None if found is None else _text(micros(found)),
        "remaining_seconds": _seconds(target - worked),
    }


def recompute(account: Mapping[str, Any]) -> datetime | None:
    """The due time, added up again from the receipt alone; None while a pause keeps it open.

    Raises ReceiptMismatchError when the stretches do not follow each other from the start, do
    not add up to the target, or end at another instant than the receipt says.
    """
    try:
        return _added_up(account)
    except ReceiptMismatchError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as wrong:
        raise ReceiptMismatchError("This is no receipt") from wrong


def _added_up(account: Mapping[str, Any]) -> datetime | None:
    stretches = spans(account)
    start, target = _read(account["start"]), _micros_of(account["target_seconds"])
    noted = account["due"]
    if any(a >= b for a, b in stretches) or any(b > c for (_, b), (c, _) in pairwise(stretches)):
        raise ReceiptMismatchError("The counted stretches are not in order")
    if stretches and stretches[0][0] < start:
        raise ReceiptMismatchError("Time was counted before the start")
    worked = sum(b - a for a, b in stretches)
    if worked + _micros_of(account["remaining_seconds"]) != target:
        raise ReceiptMismatchError("The counted stretches do not add up to the target")
    if noted is None:
        return None
    ends = stretches[-1][1] if stretches else _read(noted)
    if worked != target or ends != _read(noted):
        raise ReceiptMismatchError("The counted stretches end at another instant")
    return instant_of(ends)


def spans(account: Mapping[str, Any]) -> list[Span]:
    """Every counted stretch of a receipt as microseconds since 1970, weeks written out."""
    found: list[Span] = []
    for week in account["counted"]:
        if not 1 <= week["weeks"] <= MOST_WEEKS:
            raise ReceiptMismatchError("A receipt spans 200 years at most")
        first = _read(week["from"])
        for turn in range(week["weeks"]):
            base = first + turn * WEEK
            for offset, length in week["stretches"]:
                begins = base + _micros_of(offset)
                found.append((begins, begins + _micros_of(length)))
    return found


def _accounted_until(begun: int, found: datetime | None, pauses: Sequence[Pause]) -> int:
    if found is not None:
        return micros(found)
    stopped = min(micros(pause.start) for pause in pauses if pause.end is None)
    return max(begun, stopped)


def _meets(pause: Pause, begun: int, end: int) -> bool:
    """Whether a pause touches the time from start to end, or keeps it open at its end."""
    if pause.end is not None and micros(pause.end) <= begun:
        return False
    return micros(pause.start) < end or (pause.end is None and micros(pause.start) == end)


def _counted(calendar: Calendar, start: int, end: int, pauses: Sequence[Pause]) -> list[Span]:
    return [span for low, high in runs(start, end, pauses) for span in calendar.segments(low, high)]


def _pause(calendar: Calendar, begun: int, end: int, pause: Pause) -> dict[str, Any]:
    low = min(max(begun, micros(pause.start)), end)
    high = end if pause.end is None else min(max(micros(pause.end), low), end)
    return {
        "from": _text(micros(pause.start)),
        "to": None if pause.end is None else _text(micros(pause.end)),
        "reason": pause.reason,
        "business_seconds": None if pause.end is None else _seconds(calendar.elapsed(low, high)),
    }


def _weeks(stretches: Sequence[Span]) -> list[dict[str, Any]]:
    """Stretches gathered into weeks, and weeks that repeat into one entry."""
    found: list[dict[str, Any]] = []
    following = 0
    at = 0
    while at < len(stretches):
        first = stretches[at][0]
        week = []
        while at < len(stretches) and stretches[at][0] < first + WEEK:
            begins, ends = stretches[at]
            week.append([_seconds(begins - first), _seconds(ends - begins)])
            at += 1
        if found and found[-1]["stretches"] == week and following == first:
            found[-1]["weeks"] += 1
        else:
            found.append({"from": _text(first), "weeks": 1, "stretches": week})
        following = first + WEEK
    return found


def _text(moment: int) -> str:
    return instant_of(moment).isoformat().replace("+00:00", "Z")


def _read(text: str) -> int:
    return micros(datetime.fromisoformat(text))


def _seconds(amount: int) -> int | float:
    whole, rest = divmod(amount, SECOND)
    return amount / SECOND if rest else whole


def _micros_of(seconds: float) -> int:
    return timedelta(seconds=seconds) // timedelta(microseconds=1)
