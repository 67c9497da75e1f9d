"""A receipt as a table people read: day by day what was counted, what was not and why. Pure.

It reads the stored receipt and nothing else, so it shows what the deadline was computed from,
whatever the calendar says today.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from wfweb.calendars import receipts, zones

MOST_DAYS: Final = 62
"""Beyond so many days the table shows months."""
_OFF: Final = "day off"


@dataclass(frozen=True, slots=True)
class DayRow:
    """Some days: when work counted, how many seconds, how many so far, or why none did."""

    days: str
    hours: str
    seconds: int
    so_far: int
    why: str

    @property
    def skipped(self) -> bool:
        """Tell whether nothing counted."""
        return not self.seconds


def table(receipt: Mapping[str, Any]) -> list[DayRow]:
    """Return the days of a receipt in the zone it was counted in; months when there are many."""
    zone = zones.zone(receipt["zone"])
    found = list(_daily(receipt, zone))
    if len(found) > MOST_DAYS:
        return _monthly(found)
    return _merged(found)


@dataclass(frozen=True, slots=True)
class _Day:
    day: date
    row: DayRow


def _daily(receipt: Mapping[str, Any], zone: ZoneInfo) -> Iterable[_Day]:
    counted: dict[date, list[tuple[datetime, datetime]]] = {}
    for begins, ends in receipts.spans(receipt):
        start, end = (_instant(moment, zone) for moment in (begins, ends))
        counted.setdefault(start.date(), []).append((start, end))
    first = _read(receipt["start"], zone).date()
    last = max([first, *counted, *_until(receipt, zone)])
    special = {entry["date"]: entry for entry in receipt["special_days"]}
    so_far, day = 0, first
    while day <= last:
        stretches = counted.get(day, [])
        seconds = sum(_seconds(*one) for one in stretches)
        so_far += seconds
        why = _why(day, special.get(day.isoformat()), receipt, zone, counted=bool(stretches))
        hours = ", ".join(_hours(*one) for one in stretches)
        yield _Day(day, DayRow(f"{day:%a} {day.day} {day:%b %Y}", hours, seconds, so_far, why))
        day += timedelta(days=1)


def _until(receipt: Mapping[str, Any], zone: ZoneInfo) -> list[date]:
    return [_read(receipt["due"], zone).date()] if receipt["due"] else []


def _why(
    day: date,
    special: Mapping[str, Any] | None,
    receipt: Mapping[str, Any],
    zone: ZoneInfo,
    *,
    counted: bool,
) -> str:
    """Return what is worth saying of a day: a holiday, other hours, a pause, a day off."""
    reasons = []
    if special is not None:
        words = {"holiday": "holiday", "override": "other hours", "break": "break"}
        name = special.get("name", "")
        reasons.append(f"{name} ({words[special['reason']]})" if name else words[special["reason"]])
    reasons += [_paused(one) for one in receipt["pauses"] if _touches(one, day, zone)]
    weekday = f"{day:%a}".lower()
    if not counted and not reasons:
        reasons.append(_OFF if weekday in receipt["days_off"] else "outside the working hours")
    return "; ".join(reasons)


def _paused(pause: Mapping[str, Any]) -> str:
    return f"paused: {pause['reason']}" if pause["reason"] else "paused"


def _touches(pause: Mapping[str, Any], day: date, zone: ZoneInfo) -> bool:
    begins = _read(pause["from"], zone).date()
    ends = _read(pause["to"], zone).date() if pause["to"] else None
    return begins <= day and (ends is None or day <= ends)


def _merged(found: Sequence[_Day]) -> list[DayRow]:
    """Join neighbouring days that were skipped for the same reason."""
    rows: list[DayRow] = []
    for (skipped, why), some in groupby(found, key=lambda one: (one.row.skipped, one.row.why)):
        days = list(some)
        if not skipped or len(days) == 1:
            rows += [one.row for one in days]
            continue
        label = f"{days[0].row.days} to {days[-1].row.days}"
        reason = f"{len(days)} days off" if why == _OFF else why
        rows.append(replace(days[-1].row, days=label, why=reason))
    return rows


def _monthly(found: Sequence[_Day]) -> list[DayRow]:
    rows = []
    for month, some in groupby(found, key=lambda one: one.day.replace(day=1)):
        days = [one.row for one in some]
        worked = sum(not one.skipped for one in days)
        named = sorted({one.why for one in days if one.why not in {"", _OFF}})
        rows.append(
            DayRow(
                f"{month:%b %Y}",
                f"{worked} days with working time",
                sum(one.seconds for one in days),
                days[-1].so_far,
                "; ".join(named),
            )
        )
    return rows


def _hours(start: datetime, end: datetime) -> str:
    if end.date() == start.date():
        return f"{_clock(start)} to {_clock(end)}"
    if end.hour == end.minute == end.second == 0 and end.date() == start.date() + timedelta(days=1):
        return f"{_clock(start)} to 24:00"
    return f"{_clock(start)} to {end:%a} {end.day} {end:%b} {_clock(end)}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _seconds(start: datetime, end: datetime) -> int:
    return int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())


def _instant(micros: int, zone: ZoneInfo) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)).astimezone(zone)


def _read(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).astimezone(zone)
