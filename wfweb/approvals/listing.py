"""What lists show beside their rows: who is waited for, and what became of rows that left."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from wfweb.approvals.inbox import Row
from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.formats import short_moment

_DONE = {
    "approve": "approved",
    "reject": "rejected",
    "send_back": "sent back",
    "withdraw": "withdrew",
    "delegate": "handed over",
    "reassign": "reassigned",
}


def answered(keys: Sequence[str], user_id: UUID) -> dict[str, tuple[Row, str]]:
    """Return what became of requests that somebody was asked about, by key, in words.

    Only requests in which the person holds or held a seat are told about.
    """
    if not keys:
        return {}
    query = (
        select(ApprovalRequest, User.name, ApprovalDecision)
        .ext(distinct_on(ApprovalRequest.key))
        .join(ApprovalAssignment, ApprovalAssignment.request_id == ApprovalRequest.id)
        .outerjoin(User, User.id == ApprovalRequest.requester_id)
        .outerjoin(ApprovalDecision, ApprovalDecision.request_id == ApprovalRequest.id)
        .where(
            ApprovalRequest.company_id == current_actor().company_id,
            ApprovalRequest.key.in_(list(keys)),
            ApprovalAssignment.user_id == user_id,
        )
        .order_by(
            ApprovalRequest.key,
            ApprovalRequest.round.desc(),
            ApprovalDecision.at.desc().nulls_last(),
        )
    )
    return {
        asked.key: (_row(asked, name), _words(decision, user_id))
        for asked, name, decision in session().execute(query)
    }


def _words(decision: ApprovalDecision | None, user_id: UUID) -> str:
    if decision is None:
        return "Nothing is left to decide here"
    who = "You" if decision.user_id == user_id else decision.user_name
    done = _DONE.get(decision.decision, "answered")
    return f"{who} {done} this {short_moment(decision.at)}"


def _row(asked: ApprovalRequest, requester_name: str | None) -> Row:
    return Row(
        request_id=asked.id,
        key=asked.key,
        round=asked.round,
        title=asked.title,
        status=asked.status,
        outcome_reason=asked.outcome_reason,
        record_id=asked.record_id,
        record_key=asked.record_key,
        type_code=asked.record_type_code,
        amount=asked.amount,
        currency=asked.currency,
        requester_id=asked.requester_id,
        requester_name=requester_name,
        level=asked.current_level,
        levels=asked.levels_total,
        digest=asked.digest,
        at_risk=asked.at_risk,
        at_risk_reason=asked.at_risk_reason,
        due_at=asked.due_at,
        created_at=asked.created_at,
        decided_at=asked.decided_at,
    )


def waited_for(request_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Return the names of the people who can decide each open request now, in their order."""
    wanted = list(request_ids)
    if not wanted:
        return {}
    query = (
        select(ApprovalAssignment.request_id, User.name)
        .join(User, User.id == ApprovalAssignment.user_id)
        .where(
            ApprovalAssignment.company_id == current_actor().company_id,
            ApprovalAssignment.request_id.in_(wanted),
            ApprovalAssignment.status == "pending",
            ApprovalAssignment.asked_at.is_not(None),
        )
        .order_by(ApprovalAssignment.sequence, User.name)
    )
    found: dict[UUID, list[str]] = {}
    for request_id, name in session().execute(query):
        found.setdefault(request_id, []).append(name)
    return found


def seats(user_id: UUID, ids: Sequence[UUID]) -> list[Row]:
    """Return the open seats of somebody among these, soonest due first, as rows of a list."""
    if not ids:
        return []
    query = (
        select(ApprovalRequest, User.name, ApprovalAssignment, ApprovalLevel)
        .join(ApprovalAssignment, ApprovalAssignment.request_id == ApprovalRequest.id)
        .join(ApprovalLevel, ApprovalLevel.id == ApprovalAssignment.level_id)
        .outerjoin(User, User.id == ApprovalRequest.requester_id)
        .where(
            ApprovalRequest.company_id == current_actor().company_id,
            ApprovalAssignment.id.in_(list(ids)),
            ApprovalAssignment.user_id == user_id,
            ApprovalAssignment.status == "pending",
            ApprovalAssignment.asked_at.is_not(None),
        )
        .order_by(
            func.coalesce(ApprovalAssignment.due_at, text("'infinity'")), ApprovalAssignment.id
        )
    )
    return [
        replace(
            _row(asked, name),
            assignment_id=seat.id,
            asked_at=seat.asked_at,
            why=seat.why,
            level_name=level.name,
            rule_text=level.rule_text,
            quorum=level.quorum,
        )
        for asked, name, seat, level in session().execute(query)
    ]


def what_follows(rows: Iterable[Row]) -> dict[UUID, str]:
    """Return in words what follows when the reader approves each of these requests."""
    wanted = {row.request_id: row for row in rows}
    if not wanted:
        return {}
    query = (
        select(
            ApprovalLevel.request_id,
            ApprovalLevel.number,
            ApprovalLevel.name,
            ApprovalLevel.quorum,
            ApprovalLevel.min_approvers,
            func.count(ApprovalAssignment.id).filter(ApprovalAssignment.status == "approved"),
            func.count(ApprovalAssignment.id).filter(
                ApprovalAssignment.status.in_(["approved", "pending", "rejected"])
            ),
        )
        .outerjoin(ApprovalAssignment, ApprovalAssignment.level_id == ApprovalLevel.id)
        .where(ApprovalLevel.request_id.in_(list(wanted)))
        .group_by(ApprovalLevel.id)
        .order_by(ApprovalLevel.request_id, ApprovalLevel.number)
    )
    found: dict[UUID, str] = {}
    for request_id, number, name, quorum, least, approved, seats_there in session().execute(query):
        row = wanted[request_id]
        if number == row.level:
            needed = _needed(quorum, least, seats_there)
            if approved + 1 < needed:
                found[request_id] = f"{approved + 1} of {needed} at {name}"
            else:
                found[request_id] = "Approved"
        elif number == row.level + 1 and found.get(request_id) == "Approved":
            found[request_id] = f"Then {name}"
    return found


def _needed(quorum: str, least: int | None, seats_there: int) -> int:
    counted = {"any": 1, "all": seats_there, "majority": seats_there // 2 + 1}
    return max(counted.get(quorum, 1), least or 1)


def of_record(record_id: UUID, limit: int = 20) -> list[Row]:
    """Return the rounds of requests about a record, newest first."""
    query = (
        select(ApprovalRequest, User.name)
        .outerjoin(User, User.id == ApprovalRequest.requester_id)
        .where(
            ApprovalRequest.company_id == current_actor().company_id,
            ApprovalRequest.record_id == record_id,
        )
        .order_by(ApprovalRequest.id.desc())
        .limit(limit)
    )
    return [_row(asked, name) for asked, name in session().execute(query)]


def shared_reasons(request_ids: Iterable[UUID]) -> list[dict[str, Any]]:
    """Return the reasons to reject that all these requests offer; empty when they differ."""
    wanted = list(request_ids)
    lists = session().scalars(
        select(ApprovalRequest.config["reject_reasons"]).where(
            ApprovalRequest.company_id == current_actor().company_id,
            ApprovalRequest.id.in_(wanted),
        )
    )
    found = [list(one or ()) for one in lists]
    return found[0] if found and all(one == found[0] for one in found) else []
