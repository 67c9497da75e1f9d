"""Requests and levels as deadlines see them: plain values, so that neither feature knows the other.

Whose turn it is: the person asked first of those who have not answered.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals.models import OPEN_STATUSES, ApprovalAssignment, ApprovalLevel, ApprovalRequest
from wfweb.kernel.db import session

REQUEST_FIELDS = {
    "instance.level": "integer",
    "instance.round": "integer",
    "instance.at_risk": "boolean",
}
LEVEL_FIELDS = {"instance.number": "integer", "instance.name": "text", "instance.request": "text"}


def request_facts(request_id: UUID) -> dict[str, Any] | None:
    """Return a request as it stands; nothing when there is none."""
    found = session().get(ApprovalRequest, request_id, populate_existing=True)
    if found is None:
        return None
    return {
        **_about(found),
        "id": found.id,
        "title": f"{found.key} {found.title}",
        "created_at": found.created_at,
        "owner_id": _waiting_for(ApprovalAssignment.request_id == found.id),
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


def level_facts(level_id: UUID) -> dict[str, Any] | None:
    """Return a level of a request as it stands; nothing when there is none."""
    found = session().get(ApprovalLevel, level_id, populate_existing=True)
    if found is None:
        return None
    request = session().get_one(ApprovalRequest, found.request_id, populate_existing=True)
    return {
        **_about(request),
        "id": found.id,
        "title": f"{request.key} {request.title}: {found.name}",
        "created_at": found.opened_at or request.created_at,
        "owner_id": _waiting_for(ApprovalAssignment.level_id == found.id),
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


def levels_of(request_id: UUID) -> list[UUID]:
    """Return the ids of a request's levels in order."""
    query = select(ApprovalLevel.id).where(ApprovalLevel.request_id == request_id)
    return list(session().scalars(query.order_by(ApprovalLevel.number)))


def open_requests_of(record_id: UUID) -> list[UUID]:
    """Return the ids of the requests that are being asked about a record."""
    query = select(ApprovalRequest.id).where(
        ApprovalRequest.record_id == record_id, ApprovalRequest.status.in_(OPEN_STATUSES)
    )
    return list(session().scalars(query))


def _about(request: ApprovalRequest) -> dict[str, Any]:
    return {
        "url": f"/requests/{request.key}",
        "record_id": request.record_id,
        "record_type": request.record_type_code,
        "requester_id": request.requester_id,
    }


def _waiting_for(condition: Any) -> UUID | None:
    query = (
        select(ApprovalAssignment.user_id)
        .where(
            condition,
            ApprovalAssignment.status == "pending",
            ApprovalAssignment.asked_at.is_not(None),
        )
        .order_by(ApprovalAssignment.sequence, ApprovalAssignment.id)
        .limit(1)
    )
    return session().scalar(query)


def parts_of_record(record_id: UUID) -> Iterable[tuple[str, UUID]]:
    """Return the open requests of a record as subjects."""
    return [("request", request_id) for request_id in open_requests_of(record_id)]


def parts_of_request(request_id: UUID) -> Iterable[tuple[str, UUID]]:
    """Return the levels of a request as subjects."""
    return [("level", level_id) for level_id in levels_of(request_id)]
