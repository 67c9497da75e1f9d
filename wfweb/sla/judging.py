"""What a definition says about a subject now: applies, starts, stops, is cancelled, is paused."""

from collections import ChainMap
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from wfweb import conditions
from wfweb.calendars import rules as business
from wfweb.calendars.queries import Pinned
from wfweb.sla.body import DefinitionBody, When
from wfweb.sla.pinning import value_at
from wfweb.sla.subjects import Subject

EARLIEST, LATEST = 1970, 2199


class Judge:
    """Asks the conditions of definitions about one subject at one instant."""

    def __init__(
        self,
        subject: Subject,
        now: datetime,
        events: Collection[str] = (),
        calendars: dict[str | None, Pinned] | None = None,
    ) -> None:
        self.subject, self.now, self.events = subject, now, events
        self.calendars: dict[str | None, Pinned] = {} if calendars is None else calendars
        self.facts: Mapping[str, Any] = ChainMap(
            {"clock": conditions.clock(now)},
            subject.facts,  # type: ignore[arg-type]
            {"record": {}, "requester": {}, "instance": {}, "previous": None},
        )

    def holds(self, condition: Mapping[str, Any] | None, *, otherwise: bool) -> bool:
        """Tell whether a condition holds; ``otherwise`` is the answer where there is none."""
        if condition is None:
            return otherwise
        return conditions.evaluate(condition, self.facts)

    def applies(self, body: DefinitionBody) -> bool:
        """Tell whether a definition is about the subject at all."""
        if body.record_type is not None and body.record_type != self.subject.record_type:
            return False
        return self.holds(body.applies_when, otherwise=True)

    def begins(self, body: DefinitionBody, calendar: business.Calendar) -> datetime | None:
        """Return from when the time counts, when the start condition holds now.

        Without a field a definition counts from now on, a retroactive one from the subject's
        beginning.
        """
        start = body.start
        if start.event is not None and start.event not in self.events:
            return None
        if not self.holds(start.when, otherwise=True):
            return None
        if start.field is not None:
            return self.instant(start.field, calendar)
        return self.subject.created_at if body.retroactive else self.now

    def ends(self, stop: When | None, calendar: business.Calendar) -> datetime | None:
        """Return when the clock stops, if it has to; a date field may say that it already did."""
        if stop is None or (stop.event is not None and stop.event not in self.events):
            return None
        if not self.holds(stop.when, otherwise=True):
            return None
        if stop.field is None:
            return self.now
        at = self.instant(stop.field, calendar)
        return at if at is not None and at <= self.now else None

    def cancels(self, body: DefinitionBody) -> bool:
        """Tell whether the definition cancels its clocks now."""
        return self.holds(body.cancel, otherwise=False)

    def pauses(self, body: DefinitionBody) -> str | None:
        """Return why a clock has to stand still now; the first reason that holds."""
        for pause in body.pause:
            if pause.field is not None:
                held = value_at(self.subject, pause.field) not in (None, "", False)
            else:
                held = self.holds(pause.when, otherwise=False)
            if held:
                return pause.reason
        return None

    def instant(self, field: str, calendar: business.Calendar) -> datetime | None:
        """Return a field as an instant; a day begins at midnight where the calendar is.

        A date that no calendar reaches counts as not filled in.
        """
        value = value_at(self.subject, field)
        if isinstance(value, str):
            value = _read(value)
        if isinstance(value, date) and not EARLIEST <= value.year <= LATEST:
            return None
        if isinstance(value, datetime):
            return (value if value.tzinfo else business.instant(calendar, value)).astimezone(UTC)
        if isinstance(value, date):
            return business.instant(calendar, datetime(value.year, value.month, value.day))  # noqa: DTZ001 - the calendar gives the zone
        return None


def _read(text: str) -> datetime | date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-21") else _moment(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
