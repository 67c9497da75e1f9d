"""A calendar as its page shows it: the week as bars and words, special days, what changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from wfweb.calendars import rules
from wfweb.calendars.body import DAY, WEEKDAYS
from wfweb.calendars.hours import hours_text
from wfweb.calendars.words import WEEKDAYS as NAMES

Body = Mapping[str, Any]
PERCENT = 100
DAYS = 365


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a day in percent from its midnight, for drawing."""

    left: float
    width: float


@dataclass(frozen=True, slots=True)
class WeekDay:
    """One day of the week: its hours in words and as bars; what runs on from the day before."""

    name: str
    hours: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Special:
    """A day that is not as the week says."""

    day: date
    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Weight:
    """How much working time a year has before and after a change, and how many days differ."""

    before: int
    after: int
    days: int


def week_of(body: Body) -> list[WeekDay]:
    """Return the seven days of a calendar's week."""
    calendar = rules.compile_calendar(body)
    weekly = calendar.versions[-1].body.weekly
    shown = []
    for number, code in enumerate(WEEKDAYS):
        spilled = [(0, w.closes - DAY) for w in weekly[number - 1] if w.closes > DAY]
        own = [(w.opens, min(w.closes, DAY)) for w in weekly[number]]
        bars = [Bar(_share(a), _share(b - a)) for a, b in [*spilled, *own]]
        hours = hours_text(body.get("weekly", {}).get(code, ()))
        shown.append(WeekDay(NAMES[code], hours or "closed", bars))
    return shown


def special_days(body: Body, first: date, days: int = 366) -> list[Special]:
    """Return the days from one on that are holidays, have other hours or a break."""
    said = rules.compile_calendar(body).versions[-1].body
    found = []
    for day in (first + timedelta(days=n) for n in range(days)):
        entry = said.day(day)
        if entry.kind == "holiday":
            found.append(Special(day, "closed", entry.name or "Holiday"))
        elif entry.kind == "override":
            written = body["overrides"][day.isoformat()]
            windows = written["windows"] if isinstance(written, Mapping) else written
            found.append(Special(day, hours_text(windows) or "closed", entry.name))
        if day in said.breaks:
            text = hours_text(body["breaks"][day.isoformat()])
            found.append(Special(day, f"break {text}", ""))
    return found


def differences(old: Body, new: Body) -> list[dict[str, str]]:
    """Return what two bodies say differently, as rows of a table: label, old, new."""
    before, after = dict(_parts(old)), dict(_parts(new))
    labels = [*before, *(label for label in after if label not in before)]
    return [
        {"label": label, "old": before.get(label, ""), "new": after.get(label, "")}
        for label in labels
        if before.get(label) != after.get(label)
    ]


def weight(old: Body, new: Body, first: date) -> Weight:
    """Return what a change means for the year that begins on a day: seconds worked, days."""
    before, after = rules.compile_calendar(old), rules.compile_calendar(new)
    midnight = datetime.combine(first, time.min)
    ends = [rules.instant(after, midnight + timedelta(days=n)) for n in range(DAYS + 1)]
    changed = sum(
        list(rules.segments(before, a, b)) != list(rules.segments(after, a, b))
        for a, b in pairwise(ends)
    )
    worked = [rules.between(one, ends[0], ends[-1]) for one in (before, after)]
    return Weight(worked[0], worked[1], changed)


def _parts(body: Body) -> Iterator[tuple[str, str]]:
    yield "Time zone", str(body.get("tz", ""))
    for code in WEEKDAYS:
        yield NAMES[code], hours_text(body.get("weekly", {}).get(code, ())) or "closed"
    for day, entry in sorted(body.get("overrides", {}).items()):
        windows = entry["windows"] if isinstance(entry, Mapping) else entry
        name = f" ({entry['name']})" if isinstance(entry, Mapping) and entry.get("name") else ""
        yield f"Hours on {day}", (hours_text(windows) or "closed") + name
    for day, windows in sorted(body.get("breaks", {}).items()):
        yield f"Break on {day}", hours_text(windows)
    for part, word in (("holidays", "Holiday"), ("yearly_holidays", "Every year")):
        for entry in body.get(part, ()):
            yield _holiday(entry, word)


def _holiday(entry: Any, word: str) -> tuple[str, str]:
    if not isinstance(entry, Mapping):
        return f"{word} {entry}", "closed"
    name = entry.get("name") or "closed"
    return f"{word} {entry['date']}", f"{name}, switched off" if entry.get("off") else name


def _share(seconds: int) -> float:
    return round(seconds * PERCENT / DAY, 2)
