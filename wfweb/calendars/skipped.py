"""What a calendar says of the days around a due time: days off, holidays, other hours. Pure."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from wfweb.calendars.body import DAY, WEEKDAYS, Window
from wfweb.calendars.instants import instant_of
from wfweb.calendars.segments import Calendar, Version
from wfweb.calendars.zones import zone


def versions(calendar: Calendar, start: int, end: int) -> list[dict[str, Any]]:
    """The versions that were valid on any day from start to end, in order."""
    return [
        {
            "version": version.number,
            "effective_from": version.effective_from and version.effective_from.isoformat(),
            "zone": version.body.zone.key,
            "digest": version.body.digest,
        }
        for version in _valid(calendar, start, end)
    ]


def holiday_data(calendar: Calendar, start: int, end: int) -> list[dict[str, str]]:
    """Where the holidays of these versions were copied from, as far as it was noted."""
    found: list[dict[str, str]] = []
    for version in _valid(calendar, start, end):
        source = dict(version.body.holiday_data)
        if source and source not in found:
            found.append(source)
    return found


def days_off(calendar: Calendar, start: int, end: int) -> dict[str, int]:
    """How many days of each weekday had no working hours, holidays aside."""
    found: dict[str, int] = {}
    for day in _days(calendar, start, end):
        if calendar.day(day).kind == "day off":
            name = WEEKDAYS[day.weekday()]
            found[name] = found.get(name, 0) + 1
    return {name: found[name] for name in WEEKDAYS if name in found}


def special_days(calendar: Calendar, start: int, end: int) -> list[dict[str, Any]]:
    """Every day from start to end that was not as the week says: date, reason, name, windows."""
    found: list[dict[str, Any]] = []
    for day in _days(calendar, start, end):
        said = calendar.day(day)
        if said.kind in {"holiday", "override"}:
            entry: dict[str, Any] = {"date": day.isoformat(), "reason": said.kind}
            if said.name:
                entry["name"] = said.name
            if said.kind == "override":
                entry["windows"] = _texts(said.windows)
            found.append(entry)
        breaks = calendar.version_on(day).body.breaks.get(day)
        if breaks:
            found.append({"date": day.isoformat(), "reason": "break", "windows": _texts(breaks)})
    return found


def _days(calendar: Calendar, start: int, end: int) -> Iterator[date]:
    """Local dates from start to end, both included."""
    place = zone(calendar.tz)
    day, last = (instant_of(moment).astimezone(place).date() for moment in (start, end))
    while day <= last:
        yield day
        day += timedelta(days=1)


def _valid(calendar: Calendar, start: int, end: int) -> Iterator[Version]:
    place = zone(calendar.tz)
    first, last = (
        calendar.version_on(instant_of(moment).astimezone(place).date()) for moment in (start, end)
    )
    begun = False
    for version in calendar.versions:
        begun = begun or version is first
        if begun:
            yield version
        if version is last:
            return


def _texts(windows: Sequence[Window]) -> list[list[str]]:
    return [[_time(opens), _time(closes)] for opens, closes in windows]


def _time(seconds: int) -> str:
    """A time of the day as it is written in a body: 24:00 its end, beyond it tomorrow's."""
    if seconds > DAY:
        seconds -= DAY
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours:02}:{minutes:02}" + (f":{left:02}" if left else "")
