"""What happens to locks and permits; ids and plain values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEvent(Event):
    """Something about one lock; the target is its record."""

    audit_type: ClassVar[str] = "LOCK"

    lock_id: UUID
    alert_id: UUID
    record_id: UUID
    lock_type: str
    severity: str
    blocked_actions: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockCreated(LockEvent):
    """A record is locked against some actions."""

    name: ClassVar[str] = "lock.created"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockEnded(LockEvent):
    """A lock ended; ``how`` is ``release``, ``override``, ``accepted`` or ``expiry``.

    ``holds`` tells whether its cause held at that moment, empty when nobody can say.
    """

    name: ClassVar[str] = "lock.ended"

    how: str
    reason: str
    by_id: UUID | None = None
    holds: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockKept(LockEvent):
    """The time of a lock was over but its cause was not, or somebody renewed it.

    ``asked``: it stays until somebody accepts the risk in words or renews it.
    """

    name: ClassVar[str] = "lock.kept"

    asked: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionBlocked(Event):
    """Somebody tried what a lock blocks; nothing was changed."""

    name: ClassVar[str] = "lock.action_blocked"
    audit_type: ClassVar[str] = "PERMISSION_DENIED"

    action: str
    lock_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitIssued(Event):
    """Leave was given to do an action once, soon; the target is the record."""

    name: ClassVar[str] = "permit.issued"
    audit_type: ClassVar[str] = "ACCESS"

    permit_id: UUID
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermitRedeemed(Event):
    """An action was done with leave; the target is the record."""

    name: ClassVar[str] = "permit.redeemed"
    audit_type: ClassVar[str] = "ACCESS"

    permit_id: UUID
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTypeSaved(Event):
    """A kind of lock was made or changed."""

    name: ClassVar[str] = "lock_type.saved"
