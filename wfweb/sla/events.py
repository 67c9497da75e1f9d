"""What happens to definitions and clocks."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaDefinitionSaved(Event):
    """A definition has a new version, or was switched on or off."""

    name: ClassVar[str] = "sla.definition_saved"

    code: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockEvent(Event):
    """Something about one clock, which is the target."""

    definition_code: str
    subject_type: str
    subject_id: UUID
    record_id: UUID | None = None
    level: str = "GREEN"
    status: str = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStarted(ClockEvent):
    """A promise was made; the clock runs, or begins paused."""

    name: ClassVar[str] = "sla.started"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPaused(ClockEvent):
    """A clock stands still."""

    name: ClassVar[str] = "sla.paused"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockResumed(ClockEvent):
    """A clock runs on, with what was left when it was paused."""

    name: ClassVar[str] = "sla.resumed"
    audit_type: ClassVar[str] = "STATE_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStopped(ClockEvent):
    """The promise was kept (``met``) or not (``breached``)."""

    name: ClassVar[str] = "sla.stopped"
    audit_type: ClassVar[str] = "STATE_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCancelled(ClockEvent):
    """The promise no longer applies."""

    name: ClassVar[str] = "sla.cancelled"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMoved(ClockEvent):
    """Somebody moved a clock to another version; ``before`` and ``after`` say what it changed."""

    name: ClassVar[str] = "sla.moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCrossed(ClockEvent):
    """A clock reached a level at ``at``: exactly one event a clock, round and level.

    ``overtaken``: a graver level was reached before anybody could be told of this one, so it is
    history only.
    """

    name: ClassVar[str] = "sla.level_crossed"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    at: datetime
    round: int = 1
    overtaken: bool = False
