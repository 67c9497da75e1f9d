"""What happens to requests, levels, assignments and decisions.

Later reactions (mail, in-app notices, webhooks) get the payload; ids and plain values only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEvent(Event):
    """An event about one request; ``target`` is the request, its label the key."""

    audit_type: ClassVar[str] = "APPROVAL"

    request_key: str
    round: int = 1
    title: str = ""
    record_id: UUID
    requester_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpened(ApprovalEvent):
    """A round of asking began."""

    name: ClassVar[str] = "approval.requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelOpened(ApprovalEvent):
    """The next level is asked."""

    name: ClassVar[str] = "approval.level_opened"

    level_id: UUID
    level: int
    level_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentOpened(ApprovalEvent):
    """People can act now: tell them. One event for all who are asked at the same moment."""

    name: ClassVar[str] = "approval.assigned"

    level: int
    assignment_ids: list[UUID] = field(default_factory=list)
    user_ids: list[UUID] = field(default_factory=list)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRecorded(ApprovalEvent):
    """Somebody decided (or the system did, by a named rule)."""

    name: ClassVar[str] = "approval.decided"

    decision_id: UUID
    decision: str
    level: int
    user_id: UUID | None = None
    on_behalf_of_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApproved(ApprovalEvent):
    """All levels agreed."""

    name: ClassVar[str] = "approval.approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRejected(ApprovalEvent):
    """It was rejected, by a person or because the definition says so."""

    name: ClassVar[str] = "approval.rejected"

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCancelled(ApprovalEvent):
    """It ended without an outcome: withdrawn, sent back, edited, or the instance moved on."""

    name: ClassVar[str] = "approval.cancelled"

    reason: str = ""
    waiting_user_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAtRisk(ApprovalEvent):
    """Nobody is left who could settle it; an administrator has to act."""

    name: ClassVar[str] = "approval.at_risk"

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEscalated(ApprovalEvent):
    """A level was not answered in time and went up."""

    name: ClassVar[str] = "approval.escalated"

    level: int
    from_user_ids: list[UUID] = field(default_factory=list)
    to_user_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentMoved(ApprovalEvent):
    """A seat went to somebody else: delegated, reassigned, or its holder left."""

    name: ClassVar[str] = "approval.moved"

    kind: str
    level: int
    from_user_id: UUID | None = None
    to_user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDue(ApprovalEvent):
    """People were asked a while ago and have not answered."""

    name: ClassVar[str] = "approval.reminded"

    level: int
    assignment_ids: list[UUID] = field(default_factory=list)
    user_ids: list[UUID] = field(default_factory=list)
    due_at: datetime | None = None
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked(ApprovalEvent):
    """An approver needs an answer before deciding."""

    name: ClassVar[str] = "approval.question"

    comment_id: UUID
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentChanged(ApprovalEvent):
    """What is asked changed while it was open, without ending the round."""

    name: ClassVar[str] = "approval.content_changed"

    changed_fields: list[str] = field(default_factory=list)
    waiting_user_ids: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixChanged(Event):
    """A matrix was drafted, published or retired."""

    name: ClassVar[str] = "approval.matrix_changed"
