"""When a level falls due: its hours counted on a business calendar, with the receipt of it.

The calendar is the level's own, else that of the approval, else the company's default; without
any, every hour counts. What was computed is kept with the level and moves with no later edit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from wfweb.calendars import evaluating, queries, rules
from wfweb.calendars.queries import Pinned
from wfweb.kernel.errors import NotFound

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Due:
    """An instant and the receipt that it can be added up from again."""

    at: datetime
    receipt: dict[str, Any]


@dataclass(slots=True)
class DueTimes:
    """The due times of one act; levels of many requests that open at once share them."""

    now: datetime
    _calendars: dict[str | None, Pinned] = field(default_factory=dict)
    _known: dict[tuple[str | None, int], Due] = field(default_factory=dict)

    def due(self, spec: Mapping[str, Any]) -> Due | None:
        """Return when a level that opens now falls due; None for one without a target."""
        hours = spec.get("due_hours")
        return self._after(spec.get("calendar"), float(hours)) if hours else None

    def reminders(self, spec: Mapping[str, Any]) -> list[datetime]:
        """Return when those who have not answered are reminded, counted the same way."""
        code = spec.get("calendar")
        return [self._after(code, float(hours)).at for hours in spec.get("remind_hours") or ()]

    def _after(self, code: str | None, hours: float) -> Due:
        key = (code, round(hours * HOUR))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = _due(self._calendar(code), self.now, key[1])
        return found

    def _calendar(self, code: str | None) -> Pinned:
        found = self._calendars.get(code)
        if found is None:
            found = self._calendars[code] = _calendar(code)
        return found


def used_share(start: datetime, due_at: datetime, now: datetime, version_id: str | None) -> float:
    """Return how much of the time from start to due is used up; 1 at the due time, more beyond.

    :param version_id: the version of the calendar that was counted with; None: every hour counts.
    """
    if due_at <= start or now <= start:
        return 2.0 if now >= due_at else 0.0
    if version_id is not None:
        calendar = queries.pinned(UUID(version_id)).calendar
        whole = rules.between(calendar, start, due_at)
        if whole:
            return rules.between(calendar, start, now) / whole
    return (now - start) / (due_at - start)


def _calendar(code: str | None) -> Pinned:
    try:
        return queries.current(code)
    except NotFound:
        # A definition of another company or an older one may name a calendar that is not here;
        # a request that is opened must not fail for it, and its receipt says what counted.
        return queries.current()


def _due(found: Pinned, now: datetime, seconds: int) -> Due:
    try:
        at = rules.add(found.calendar, now, seconds)
    except rules.TooFar:
        # The calendar has run out of working time: then every hour counts.
        found = queries.ALWAYS
        at = rules.add(found.calendar, now, seconds)
    return Due(at, evaluating.receipt_of(found, now, seconds))
