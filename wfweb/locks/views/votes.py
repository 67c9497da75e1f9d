"""The committee's vote about the release of a lock: where it stands, and whether you are asked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session


@dataclass(frozen=True, slots=True)
class Vote:
    """A request to release a lock. ``mine`` tells whether the reader is asked now."""

    key: str
    committee: str
    agreed: int
    needed: int
    seats: int
    asked_by: str
    asked_at: datetime
    mine: bool

    @property
    def words(self) -> str:
        """How far it is."""
        return f"{self.agreed} of {self.needed} agreed"


def votes(keys: Collection[str]) -> Mapping[str, Vote]:
    """Return the votes of requests that wait, by key; one statement for all of them."""
    if not keys:
        return {}
    return {
        row.key: Vote(
            key=row.key,
            committee=row.ApprovalLevel.name,
            agreed=row.agreed,
            needed=_needed(row.ApprovalLevel, row.seats),
            seats=row.seats,
            asked_by=row.asked_by or "wfweb",
            asked_at=row.created_at,
            mine=row.mine > 0,
        )
        for row in session().execute(_waiting(keys))
    }


def _waiting(keys: Collection[str]) -> Select[Any]:
    """Return the read of requests with the level that is asked, and its seats and answers."""
    seat = ApprovalAssignment.level_id == ApprovalLevel.id
    waiting = ApprovalAssignment.status == "pending"
    mine = (ApprovalAssignment.user_id == current_actor().id) & waiting
    agreed = (
        (ApprovalDecision.request_id == ApprovalRequest.id)
        & (ApprovalDecision.level_number == ApprovalLevel.number)
        & (ApprovalDecision.decision == "approve")
    )
    return (
        select(
            ApprovalRequest.key,
            ApprovalRequest.created_at,
            ApprovalLevel,
            User.name.label("asked_by"),
            _count(agreed).label("agreed"),
            _count(seat).label("seats"),
            _count(seat & mine).label("mine"),
        )
        .join(
            ApprovalLevel,
            (ApprovalLevel.request_id == ApprovalRequest.id)
            & (ApprovalLevel.number == func.greatest(ApprovalRequest.current_level, 1)),
        )
        .outerjoin(User, User.id == ApprovalRequest.requester_id)
        .where(
            ApprovalRequest.company_id == current_actor().company_id,
            ApprovalRequest.key.in_(keys),
            ApprovalRequest.status.in_(("pending", "escalated")),
        )
    )


def _count(wanted: ColumnElement[bool]) -> Any:
    query = select(func.count()).where(wanted)
    return query.correlate(ApprovalRequest, ApprovalLevel).scalar_subquery()


def _needed(level: ApprovalLevel, seats: int) -> int:
    if level.quorum == "majority":
        return seats // 2 + 1
    if level.quorum == "n_of_m":
        return level.min_approvers or 1
    return seats if level.quorum == "all" else 1
