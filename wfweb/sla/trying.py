"""Trying a definition on a story that is told: no row is read or written but definitions.

The same reading gives what the board shows, so an answer here is what a clock would do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wfweb.calendars import queries as calendars
from wfweb.calendars import rules as business
from wfweb.sla import checking, definitions, pinning, receipts, rules
from wfweb.sla.body import DefinitionBody
from wfweb.sla.ledger import Happening, Ledger, told


@dataclass(frozen=True, slots=True)
class Trial:
    """A definition, the working hours it is tried with, and the ledger of the story."""

    body: DefinitionBody
    terms: rules.Terms
    calendar: business.Calendar
    ledger: Ledger

    def reading(self, at: datetime) -> rules.Reading:
        """Return what the clock shows at an instant."""
        return rules.read(self.terms, self.ledger, self.calendar, at)

    def receipt(self) -> dict[str, Any] | None:
        """Return the receipt of the due time; nothing for a story without a start."""
        return receipts.receipt_of(self.terms, self.ledger, self.calendar)


def trial(
    definition: Mapping[str, Any] | str,
    happenings: Sequence[Happening],
    *,
    number: int | None = None,
    calendar: Mapping[str, Any] | None = None,
) -> Trial:
    """Return a definition tried on a story.

    :param definition: a body, which is checked as for saving, or the code of one that is saved.
    :param number: which version of a saved one; the newest when left out.
    :param calendar: the body of a calendar to try it with instead of the definition's.
    :raises ValidationFailed: naming the wrong places of the body or the calendar.
    :raises NotFound: when there is no such definition or version.
    """
    body = _body(definition, number)
    hours = _hours(body, calendar)
    return Trial(body, checking.terms_of(body, hours), hours, told(happenings))


def _hours(body: DefinitionBody, calendar: Mapping[str, Any] | None) -> business.Calendar:
    """Return the working hours, read in the zone that the definition fixes as a clock does."""
    zone = body.time_zone.zone
    if calendar is not None:
        made = business.compile_calendar(calendar)
        return made if zone is None else business.compile_calendar({**calendar, "tz": zone})
    found = calendars.current(body.calendar)
    if zone is None or zone == found.calendar.tz:
        return found.calendar
    return pinning.pinned(found.version_id, zone)


def _body(definition: Mapping[str, Any] | str, number: int | None) -> DefinitionBody:
    if not isinstance(definition, str):
        body = checking.read(definition)
        checking.refuse(body)
        return body
    found = definitions.find(definition)
    return definitions.version_numbered(found, number or found.current_version).body
