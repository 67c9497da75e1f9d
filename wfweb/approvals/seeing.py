"""What somebody was shown, and what changed since: for a stale post and for the page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from wfweb.approvals import errors
from wfweb.approvals.content import Difference, Snapshot, difference
from wfweb.approvals.models import (
    OPEN_STATUSES,
    ApprovalAssignment,
    ApprovalRequest,
    ApprovalSnapshot,
    ApprovalView,
)
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
    """Return a content that a request once showed, in whatever round, or nothing."""
    this = aliased(ApprovalRequest)
    rounds = (
        select(ApprovalRequest.id)
        .join(
            this,
            and_(this.company_id == ApprovalRequest.company_id, this.key == ApprovalRequest.key),
        )
        .where(this.id == request_id)
    )
    replaced = select(ApprovalSnapshot.snapshot).where(
        ApprovalSnapshot.request_id.in_(rounds), ApprovalSnapshot.digest == digest
    )
    ended = select(ApprovalRequest.snapshot).where(
        ApprovalRequest.id.in_(rounds), ApprovalRequest.digest == digest
    )
    found: Snapshot | None = session().scalar(replaced.union_all(ended).limit(1))
    return found


def stale(request: Request, digest: str) -> Stale:
    """Return the refusal of a decision about a content that is no longer what is asked."""
    query = select(ApprovalRequest.snapshot).where(ApprovalRequest.id == request.id)
    now: Snapshot = session().execute(query).scalar_one()
    return _stale(request.id, request.key, digest, request.digest, now)


def asked_again(request: Request, user_id: UUID, digest: str) -> Stale | None:
    """Return the refusal that leads somebody from an edited round to the question of now.

    Nothing when they are not asked in the newest round; then the old one has merely ended.

    :param digest: of what they were shown in the round that an edit ended.
    """
    newest = aliased(ApprovalRequest)
    query = (
        select(newest.id, newest.digest, newest.snapshot)
        .join(ApprovalAssignment, ApprovalAssignment.request_id == newest.id)
        .where(
            newest.company_id == request.company_id,
            newest.key == request.key,
            newest.round > request.round,
            newest.status.in_(OPEN_STATUSES),
            ApprovalAssignment.user_id == user_id,
            ApprovalAssignment.status == "pending",
            ApprovalAssignment.asked_at.is_not(None),
        )
        .limit(1)
    )
    row = session().execute(query).one_or_none()
    if row is None:
        return None
    return _stale(row.id, request.key, digest, row.digest, row.snapshot)


def _stale(request_id: UUID, key: str, digest: str, current: str, now: Snapshot) -> Stale:
    old = now if digest == current else snapshot_of(request_id, digest)
    changed = difference(old, now)
    if old is not None and changed:
        return errors.stale(key, changed, current)
    why = "This is not what was shown" if old is None else f"{key} was asked again since you looked"
    return Stale(
        f"Not decided: {why}. Read {key} as it is now, then decide",
        difference=[],
        current_digest=current,
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
