"""Reads of approvals for pages, the API and other features."""

from uuid import UUID

from sqlalchemy import or_, select

from wfweb.approvals.counting import Counts, counts, counts_by_type, standing, version_for
from wfweb.approvals.explaining import explanation
from wfweb.approvals.inbox import (
    Filters,
    Page,
    Row,
    at_risk,
    decided_by,
    my_requests,
    waiting_for,
    waiting_on_others,
)
from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.approvals.request_page import LevelView, RequestPage, SeatView, request_page
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

__all__ = [
    "Counts",
    "Filters",
    "LevelView",
    "Page",
    "RequestPage",
    "Row",
    "SeatView",
    "at_risk",
    "counts",
    "counts_by_type",
    "decided_by",
    "explanation",
    "may_see_record",
    "my_requests",
    "request_page",
    "standing",
    "version_for",
    "waiting_for",
    "waiting_on_others",
]


def may_see_record(record_id: UUID) -> bool:
    """Tell whether the current actor was asked about a record, and so may see it."""
    actor = current_actor()
    if actor.id is None:
        return False
    query = (
        select(ApprovalAssignment.id)
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalAssignment.request_id)
        .where(
            ApprovalRequest.record_id == record_id,
            or_(
                ApprovalAssignment.user_id == actor.id,
                ApprovalAssignment.on_behalf_of_id == actor.id,
            ),
        )
        .limit(1)
    )
    return session().scalar(query) is not None
