"""The action guard: every way to act on a record goes through it (reliability D9).

Asking and acting are one: the record's row is held from the question until the act is
committed, and a lock takes that row before it is made. So a lock is there before the question,
and the act is refused, or comes after the act is done; never in between. A trigger on what
steps write says the same a second time, whichever part of the program takes the step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from wfweb.events import emit
from wfweb.kernel.actor import Actor, current_actor
from wfweb.kernel.db import after_commit, after_rollback, refuse_with_detail, session, transaction
from wfweb.kernel.errors import Locked, Risk
from wfweb.locks import database, errors, known, queries
from wfweb.locks.events import ActionBlocked
from wfweb.locks.releasing import Release, who_can_release
from wfweb.locks.rows import LockRow
from wfweb.records.models import Record


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an action is free now; if not, why, by which locks, and who can end them."""

    allowed: bool
    reason: str
    locks: Sequence[LockRow] = ()
    releases: dict[UUID, Release] | None = None


def check(record_id: UUID, action: str) -> Answer:
    """Answer whether an action is free at this moment, without holding anything.

    The answer is old as soon as it is given; whoever acts calls :func:`require`.

    :raises NotFound: when there is no such record.
    :raises ValidationFailed: when nothing names the action: a slip of the pen is no permission.
    """
    seen = known.look(record_id, action)
    if not seen.blocked:
        if not seen.usual:
            known.require_known(record_id, action)
        return Answer(allowed=True, reason="No lock blocks this.")
    locks = [one for one in queries.of_record(record_id) if action in one.blocked_actions]
    if not locks:
        return Answer(allowed=True, reason="No lock blocks this.")
    releases = who_can_release(locks)
    return Answer(
        allowed=False,
        reason=errors.reason_of(action, locks, releases),
        locks=locks,
        releases=releases,
    )


def require(record_id: UUID, action: str) -> None:
    """Let an action through that no lock blocks, and keep locks away until it is committed.

    The provider of ``ports.action_guard``.

    :raises Locked: naming every lock that blocks it and who can end them; the attempt is
        written into the audit whatever becomes of the act.
    """
    blocking = database.blocking(record_id, action)
    if not blocking:
        return
    raise refused(record_id, action, queries.by_ids(blocking))


def refused(record_id: UUID, action: str, locks: Sequence[LockRow]) -> Locked:
    """Return the refusal of an action by locks, and see to the audit entry of the attempt."""
    attempt = _Attempt(record_id, action, _event(record_id, action, locks), current_actor())
    # Whatever becomes of the act, taken back or gone on without this part of it.
    after_commit(attempt)
    after_rollback(attempt)
    return errors.blocked(action, locks, who_can_release(locks))


def _refused_by_trigger(detail: str) -> Locked:
    """Return the refusal of a step that only the database saw: work under way, an automatic step.

    The act is taken back by now; the trigger's detail names the record and the action.
    """
    record, _, action = detail.partition(" ")
    locks = [one for one in queries.of_record(UUID(record)) if action in one.blocked_actions]
    if not locks:
        return Locked("A lock blocked this and has just ended; try again.", locks=[])
    _Attempt(UUID(record), action, _event(UUID(record), action, locks), current_actor())()
    return errors.blocked(action, locks, who_can_release(locks))


refuse_with_detail("workflow_history_locks", _refused_by_trigger)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is written once the act is over; trying the same twice in one act is one attempt."""

    record_id: UUID
    action: str
    event: ActionBlocked = field(compare=False)
    actor: Actor = field(compare=False)

    def __call__(self) -> None:
        with transaction(actor=self.actor):
            if session().get(Record, self.record_id) is not None:
                emit(self.event)


def _event(record_id: UUID, action: str, locks: Sequence[LockRow]) -> ActionBlocked:
    risk: Risk = "HIGH" if any(lock.severity == "critical" for lock in locks) else "MEDIUM"
    return ActionBlocked(
        target_type="record",
        target_id=record_id,
        target_label=f"{locks[0].record_key} {locks[0].record_title}".strip(),
        action=action,
        lock_ids=[lock.id for lock in locks],
        details={"action": action, "locks": [str(lock.id) for lock in locks]},
        risk=risk,
    )
