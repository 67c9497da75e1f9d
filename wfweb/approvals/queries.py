"""Reads of approvals for pages, the API and other features."""

from uuid import UUID

from sqlalchemy import or_, select

from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session


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
