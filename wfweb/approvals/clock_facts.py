"""Requests and levels as deadlines see them: plain values, so that neither feature knows the other.

Whose turn it is: the person asked first of those who have not answered.
"""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from wfweb.approvals.models import OPEN_STATUSES, ApprovalAssignment, ApprovalLevel, ApprovalRequest
from wfweb.kernel.db import session

Part = tuple[UUID, tuple[str, UUID]]
REQUEST_FIELDS = {
    "instance.level": "integer",
    "instance.round": "integer",
    "instance.at_risk": "boolean",
}
LEVEL_FIELDS = {"instance.number": "integer", "instance.name": "text", "instance.request": "text"}


def request_facts(ids: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Return requests as they stand, in two queries."""
    waiting = _waiting_for(ApprovalAssignment.request_id, ids)
    query = select(ApprovalRequest).where(ApprovalRequest.id.in_(list(ids)))
    for found in session().scalars(query.execution_options(populate_existing=True)).all():
        yield {
            **_about(found),
            "id": found.id,
            "title": f"{found.key} {found.title}",
            "created_at": found.created_at,
            "owner_id": waiting.get(found.id),
            "instance": {
                "id": str(found.id),
                "state": found.state,
                "status": found.status,
                "started_at": found.created_at,
                "due_at": found.due_at,
                "level": found.current_level,
                "round": found.round,
                "at_risk": found.at_risk,
            },
        }


def level_facts(ids: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Return levels of requests as they stand, in two queries."""
    waiting = _waiting_for(ApprovalAssignment.level_id, ids)
    query = (
        select(ApprovalLevel, ApprovalRequest)
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalLevel.request_id)
        .where(ApprovalLevel.id.in_(list(ids)))
    )
    for found, request in session().execute(query.execution_options(populate_existing=True)).all():
        yield {
            **_about(request),
            "id": found.id,
            "title": f"{request.key} {request.title}: {found.name}",
            "created_at": found.opened_at or request.created_at,
            "owner_id": waiting.get(found.id),
            "team": _team(found),
            "instance": {
                "id": str(found.id),
                "state": request.state,
                "status": found.status,
                "started_at": found.opened_at,
                "due_at": found.due_at,
                "number": found.number,
                "name": found.name,
                "request": request.status,
            },
        }


def _team(level: ApprovalLevel) -> str | None:
    """Return the role that a level asks, when it asks one role and nobody else."""
    asked = [approver.get("role") for approver in level.spec.get("approvers", ())]
    return asked[0] if len(asked) == 1 else None


def _about(request: ApprovalRequest) -> dict[str, Any]:
    return {
        "url": f"/requests/{request.key}",
        "record_id": request.record_id,
        "record_type": request.record_type_code,
        "requester_id": request.requester_id,
    }


def _waiting_for(column: "InstrumentedAttribute[UUID]", ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return who is asked first of those who have not answered, by request or level."""
    query = (
        select(column, ApprovalAssignment.user_id)
        .where(
            column.in_(list(ids)),
            ApprovalAssignment.status == "pending",
            ApprovalAssignment.asked_at.is_not(None),
        )
        .order_by(ApprovalAssignment.sequence, ApprovalAssignment.id)
    )
    found: dict[UUID, UUID] = {}
    for asked, user_id in session().execute(query).all():
        found.setdefault(asked, user_id)
    return found


def parts_of_records(ids: Collection[UUID]) -> Iterator[Part]:
    """Return the requests that are being asked about records, as subjects."""
    query = select(ApprovalRequest.record_id, ApprovalRequest.id).where(
        ApprovalRequest.record_id.in_(list(ids)), ApprovalRequest.status.in_(OPEN_STATUSES)
    )
    for record_id, request_id in session().execute(query).all():
        yield record_id, ("request", request_id)


def parts_of_requests(ids: Collection[UUID]) -> Iterator[Part]:
    """Return the levels of requests, as subjects."""
    query = select(ApprovalLevel.request_id, ApprovalLevel.id).where(
        ApprovalLevel.request_id.in_(list(ids))
    )
    for request_id, level_id in session().execute(query.order_by(ApprovalLevel.number)).all():
        yield request_id, ("level", level_id)
