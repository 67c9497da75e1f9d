"""What somebody was shown, and what changed since: for a stale post and for the page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from wfweb.approvals import errors
from wfweb.approvals.content import Difference, Snapshot, difference
from wfweb.approvals.models import ApprovalRequest, ApprovalSnapshot, ApprovalView
from wfweb.approvals.rows import Request
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound, Stale

_VIEWS: Any = ApprovalView.__table__


@dataclass(frozen=True, slots=True)
class Seen:
    """When somebody last saw a request, and what is different now."""

    at: datetime | None
    changed: Difference


def snapshot_of(request_id: UUID, digest: str) -> Snapshot | None:
    """Return a content that a request once showed, or nothing when it never did."""
    found: Snapshot | None = session().scalar(
        select(ApprovalSnapshot.snapshot).where(
            ApprovalSnapshot.request_id == request_id, ApprovalSnapshot.digest == digest
        )
    )
    return found


def stale(request: Request, digest: str) -> Stale:
    """Return the refusal of a decision about a content that is no longer what is asked."""
    now: Snapshot = (
        session()
        .execute(select(ApprovalRequest.snapshot).where(ApprovalRequest.id == request.id))
        .scalar_one()
    )
    return errors.stale(
        request.key, difference(snapshot_of(request.id, digest), now), request.digest
    )


def mark_seen(request_id: UUID) -> Seen:
    """Remember what the current actor is shown now; return what changed since the last time.

    :raises NotFound: when there is no such request.
    """
    query = select(
        ApprovalRequest.company_id,
        ApprovalRequest.digest,
        ApprovalRequest.record_version,
        ApprovalRequest.snapshot,
    ).where(ApprovalRequest.id == request_id)
    row = session().execute(query).one_or_none()
    if row is None:
        raise NotFound
    before = seen_before(request_id, row.digest, row.snapshot)
    user_id = current_actor().id
    if user_id is not None and current_actor().kind == "user":
        values = {
            "company_id": row.company_id,
            "request_id": request_id,
            "user_id": user_id,
            "digest": row.digest,
            "record_version": row.record_version,
            "seen_at": clock.now(),
        }
        written = insert(_VIEWS).values(values)
        session().execute(
            written.on_conflict_do_update(
                index_elements=["request_id", "user_id"],
                set_={name: values[name] for name in ("digest", "record_version", "seen_at")},
            )
        )
    return before


def seen_before(request_id: UUID, digest: str, snapshot: Snapshot) -> Seen:
    """Return when the actor last saw a request and the difference to now."""
    query = select(ApprovalView.digest, ApprovalView.seen_at).where(
        ApprovalView.request_id == request_id, ApprovalView.user_id == current_actor().id
    )
    view = session().execute(query).one_or_none()
    if view is None:
        return Seen(None, [])
    if view.digest == digest:
        return Seen(view.seen_at, [])
    return Seen(view.seen_at, difference(snapshot_of(request_id, view.digest), snapshot))
