"""Telling that locks began, ended or stayed: one event each, never twice for one change.

The flags of the row say whether it was told: a lock that a database client made or ended is
told by the same code, when its message from the trigger arrives.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from wfweb.events import emit
from wfweb.kernel.db import session
from wfweb.locks import queries
from wfweb.locks.events import LockCreated, LockEnded, LockKept
from wfweb.locks.models import LockEvaluation
from wfweb.locks.rows import LockRow

_TOLD_CREATED = text(
    "update workflow_locks set lock_notification_sent = true"
    " where id = any(:ids) and not lock_notification_sent returning id"
)
_TOLD_ENDED = text(
    "update workflow_locks set unlock_notification_sent = true where id = any(:ids)"
    " and status <> 'locked' and not unlock_notification_sent returning id"
)


def created(lock_ids: Sequence[UUID]) -> list[UUID]:
    """Tell of locks that nobody was told of yet; return those."""
    fresh = _claim(_TOLD_CREATED, lock_ids)
    for lock in queries.by_ids(fresh):
        emit(
            LockCreated(
                **_about(lock),
                after={"status": "locked", "blocked_actions": list(lock.blocked_actions)},
                reason=lock.reason,
                risk="HIGH" if lock.severity == "critical" else "MEDIUM",
            )
        )
    return fresh


def ended(lock_ids: Sequence[UUID]) -> list[UUID]:
    """Tell of locks that ended and nobody was told of yet; return those."""
    fresh = _claim(_TOLD_ENDED, lock_ids)
    if not fresh:
        return []
    looked = _last_look(fresh)
    for lock in queries.by_ids(fresh):
        look = looked[lock.id]
        emit(
            LockEnded(
                **_about(lock),
                before={"status": "locked"},
                after={"status": lock.status, "unlock_reason": lock.unlock_reason},
                details={"how": look.why, "value": str(look.value), "holds": look.holds},
                how=look.why,
                reason=lock.unlock_reason or "",
                by_id=look.by_id,
                holds=look.holds,
                risk="HIGH" if look.why == "override" or look.holds else "LOW",
            )
        )
    return fresh


def kept(lock_ids: Sequence[UUID], *, asked: bool, reason: str) -> None:
    """Tell of locks that stay although their time was over, or that somebody renewed."""
    for lock in queries.by_ids(lock_ids) if lock_ids else []:
        emit(
            LockKept(
                **_about(lock),
                details={"next": lock.expires_at.isoformat() if lock.expires_at else None},
                asked=asked,
                reason=reason,
            )
        )


def _claim(statement: Any, lock_ids: Sequence[UUID]) -> list[UUID]:
    if not lock_ids:
        return []
    return list(session().execute(statement, {"ids": list(lock_ids)}).scalars())


def _last_look(lock_ids: Sequence[UUID]) -> dict[UUID, LockEvaluation]:
    query = (
        select(LockEvaluation)
        .where(
            LockEvaluation.lock_id.in_(lock_ids),
            LockEvaluation.outcome.in_(("unlocked", "expired")),
        )
        .order_by(LockEvaluation.id)
    )
    return {look.lock_id: look for look in session().scalars(query)}


def _about(lock: LockRow) -> dict[str, Any]:
    return {
        "target_type": "record",
        "target_id": lock.record_id,
        "target_label": f"{lock.record_key} {lock.record_title}".strip(),
        "lock_id": lock.id,
        "alert_id": lock.alert_id,
        "record_id": lock.record_id,
        "lock_type": lock.lock_type,
        "severity": lock.severity,
        "blocked_actions": list(lock.blocked_actions),
    }
