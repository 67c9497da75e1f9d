"""What happens to calendars."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEvent(Event):
    """An event about one calendar; ``target`` is the calendar, its label the name."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanged(CalendarEvent):
    """A draft was saved or dropped, or another calendar became the default. Nothing moves."""

    name: ClassVar[str] = "calendar.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPublished(CalendarEvent):
    """A version is the rule for new deadlines; what runs keeps the version it started with."""

    name: ClassVar[str] = "calendar.published"

    version_id: UUID
    number: int
    effective_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDeleted(CalendarEvent):
    """Nobody can choose the calendar any more."""

    name: ClassVar[str] = "calendar.deleted"
    audit_type: ClassVar[str] = "DELETED"
