"""Refusals that only locks know, and how a blocked action is refused."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from wfweb.kernel.errors import Locked, Refusal
from wfweb.locks.releasing import Release
from wfweb.locks.rows import LockRow

_IN_FLIGHT = {
    "stop": "What was begun before stops as well.",
    "finish": "What was begun before may be finished.",
}


class LockEndedAlready(Refusal):
    """The lock does not stand any more."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "lock_ended"
    title: ClassVar[str] = "This lock has ended"


class PermitRefused(Refusal):
    """The leave to act is of no use; ``reason`` says why in one word."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "permit_refused"
    title: ClassVar[str] = "This permit cannot be used"


def shown(lock: LockRow, release: Release) -> dict[str, Any]:
    """Return a lock as refusals and answers show it, in plain values."""
    return {
        "id": str(lock.id),
        "lock_type": lock.lock_type,
        "name": lock.type_name,
        "reason": lock.reason,
        "severity": lock.severity,
        "locked_at": lock.locked_at.isoformat(),
        "expires_at": lock.expires_at.isoformat() if lock.expires_at else None,
        "on_expiry": lock.on_expiry,
        "blocked_actions": list(lock.blocked_actions),
        "alert": lock.alert_key,
        "in_flight": lock.in_flight,
        "in_flight_text": _IN_FLIGHT[lock.in_flight],
        "release": release.sentence,
        "request": release.request_key,
        "who_can_release": release.names,
        "url": lock.url,
    }


def blocked(action: str, locks: Sequence[LockRow], releases: Mapping[UUID, Release]) -> Locked:
    """Return the refusal of an action that locks block, with the locks and who can end them."""
    refusal = Locked(
        reason_of(action, locks, releases),
        locks=[shown(lock, releases[lock.id]) for lock in locks],
    )
    names = [name for lock in locks for name in releases[lock.id].names]
    refusal.extra |= {"action": action, "who_can": list(dict.fromkeys(names))}
    return refusal


def reason_of(action: str, locks: Sequence[LockRow], releases: Mapping[UUID, Release]) -> str:
    """Return why an action is blocked and what would free it, in words."""
    first = locks[0]
    words = dict(zip(first.blocked_actions, first.actions, strict=True))
    name = words.get(action) or action.replace("_", " ").capitalize()
    why = "; ".join(f"{lock.type_name}: {lock.reason.rstrip('.')}" for lock in locks)
    count = "" if len(locks) == 1 else f" by {len(locks)} locks, all of which have to end"
    return f"“{name}” is blocked on {first.record_key}{count}. {why}. {releases[first.id].sentence}"
