"""The committee's vote about the release of a lock: where it stands, and who is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.locks.models import LockType, WorkflowLock
from wfweb.workflow.models import WorkflowInstance


@dataclass(frozen=True, slots=True)
class Vote:
    """A request to release a lock. ``mine`` tells whether the reader is asked."""

    key: str
    status: str
    committee: str
    agreed: int
    needed: int
    asked_by: str
    asked_at: datetime
    mine: bool

    @property
    def is_open(self) -> bool:
        """Whether it can still be decided."""
        return self.status in {"pending", "escalated"}

    @property
    def words(self) -> str:
        """How far it is."""
        return f"{self.agreed} of {self.needed} agreed"


def votes_about(
    locks: Sequence[WorkflowLock], types: Mapping[str, LockType]
) -> dict[UUID, Vote]:
    """Return the latest vote about each lock that has one, by lock."""
    codes = {one.release_workflow for one in types.values() if one.release_workflow}
    if not codes:
        return {}
    about = WorkflowInstance.context["alert_id"].astext
    query = (
        select(ApprovalRequest, about.label("alert"), ApprovalLevel, User.name)
        .join(WorkflowInstance, WorkflowInstance.id == ApprovalRequest.instance_id)
        .join(
            ApprovalLevel,
            (ApprovalLevel.request_id == ApprovalRequest.id)
            & (ApprovalLevel.number == func.greatest(ApprovalRequest.current_level, 1)),
        )
        .outerjoin(User, User.id == ApprovalRequest.requester_id)
        .where(
            ApprovalRequest.company_id == current_actor().company_id,
            ApprovalRequest.record_id.in_({one.record_id for one in locks}),
            WorkflowInstance.definition_code.in_(codes),
        )
        .order_by(ApprovalRequest.id)
    )
    rows = {row.alert: row for row in session().execute(query)}
    seats, agreed = _seats([row.ApprovalLevel.id for row in rows.values()])
    found: dict[UUID, Vote] = {}
    for lock in locks:
        row = rows.get(str(lock.alert_id))
        if row is not None:
            asked, level = row.ApprovalRequest, row.ApprovalLevel
            there = seats.get(level.id, [])
            found[lock.id] = Vote(
                key=asked.key,
                status=asked.status,
                committee=level.name,
                agreed=agreed.get(asked.id, 0),
                needed=_needed(level, len(there)),
                asked_by=row.name or "wfweb",
                asked_at=asked.created_at,
                mine=any(user == current_actor().id and pending for user, pending in there),
            )
    return found


def _seats(
    level_ids: Sequence[UUID],
) -> tuple[dict[UUID, list[tuple[UUID, bool]]], dict[UUID, int]]:
    seats: dict[UUID, list[tuple[UUID, bool]]] = {}
    held = select(
        ApprovalAssignment.level_id, ApprovalAssignment.user_id, ApprovalAssignment.status
    ).where(ApprovalAssignment.level_id.in_(level_ids))
    for level_id, user_id, status in session().execute(held):
        seats.setdefault(level_id, []).append((user_id, status == "pending"))
    counted = (
        select(ApprovalDecision.request_id, func.count())
        .join(ApprovalLevel, ApprovalLevel.request_id == ApprovalDecision.request_id)
        .where(ApprovalLevel.id.in_(level_ids), ApprovalDecision.decision == "approve")
        .group_by(ApprovalDecision.request_id)
    )
    return seats, {request_id: count for request_id, count in session().execute(counted)}


def _needed(level: ApprovalLevel, seats: int) -> int:
    if level.quorum == "majority":
        return seats // 2 + 1
    if level.quorum == "n_of_m":
        return level.min_approvers or 1
    return seats if level.quorum == "all" else 1
