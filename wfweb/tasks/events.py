"""What happens to tasks."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated(Event):
    """There is something to do: tell who should do it."""

    name: ClassVar[str] = "task.created"
    audit_type: ClassVar[str] = "CREATED"

    told_ids: list[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGiven(Event):
    """Somebody took it, or it was given to somebody."""

    name: ClassVar[str] = "task.given"

    told_ids: list[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClosed(Event):
    """It is done, or not wanted any more."""

    name: ClassVar[str] = "task.closed"
    audit_type: ClassVar[str] = "STATE_CHANGED"
