"""What happens in the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceEvent(Event):
    """Something about an instance. The target is its record, or itself without one."""

    definition_code: str
    version_id: UUID
    record_id: UUID | None = None
    state: str = ""
    state_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStarted(InstanceEvent):
    """An instance began, in its start state."""

    name: ClassVar[str] = "workflow.started"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMoved(InstanceEvent):
    """A step was taken: exactly one history row and one audit entry."""

    name: ClassVar[str] = "workflow.moved"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    from_state: str
    from_state_type: str
    state_type: str
    transition_code: str | None
    kind: str
    record_has_locks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntered(InstanceEvent):
    """An instance is in a state now. Approvals open their request in the same act.

    The step that led here is audited by :class:`InstanceMoved`, so this writes no entry.
    ``approval`` is the configuration of an approval state as in the definition; ``round_key``
    names this entry: entering the same state again has another one.
    """

    name: ClassVar[str] = "workflow.state_entered"
    audit_type: ClassVar[str] = ""

    state_type: str
    round_key: str
    approval: Mapping[str, Any] | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceCompleted(InstanceEvent):
    """An instance reached an end state; the step is audited, this adds no entry."""

    name: ClassVar[str] = "workflow.completed"
    audit_type: ClassVar[str] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceCancelled(InstanceEvent):
    """Somebody ended an instance before its end."""

    name: ClassVar[str] = "workflow.cancelled"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFailed(InstanceEvent):
    """A step failed; the instance waits for an operator."""

    name: ClassVar[str] = "workflow.failed"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceRetried(InstanceEvent):
    """An operator tried a failed step again."""

    name: ClassVar[str] = "workflow.retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTimedOut(InstanceEvent):
    """An instance was not finished within its time of ``hours``; it waits for an operator."""

    name: ClassVar[str] = "workflow.timed_out"
    audit_type: ClassVar[str] = "STATE_CHANGED"

    hours: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOverdue(InstanceEvent):
    """An instance was not finished within its time of ``hours``; its approval is still asked."""

    name: ClassVar[str] = "workflow.overdue"

    hours: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTimedOut(InstanceEvent):
    """A state lasted too long and its timeout action is ``notify`` or ``escalate``."""

    name: ClassVar[str] = "workflow.state_timed_out"

    action: str = "notify"
    hours: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledStartRefused(Event):
    """A start by schedule was refused: nothing began, and nobody was there to be told."""

    name: ClassVar[str] = "workflow.start_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionEvent(Event):
    """Something about a definition."""

    code: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionDrafted(DefinitionEvent):
    """A draft was written or changed."""

    name: ClassVar[str] = "workflow.drafted"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionPublished(DefinitionEvent):
    """A version became the rule for new work."""

    name: ClassVar[str] = "workflow.published"
    audit_type: ClassVar[str] = "APPROVAL"


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRetired(DefinitionEvent):
    """A definition starts nothing any more."""

    name: ClassVar[str] = "workflow.retired"
