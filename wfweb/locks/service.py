"""Verbs of locks: lock, release, override, accept the risk, renew, ask the committee, expire.

The rows are written by the functions of the database; the verbs here decide who may, and tell
everybody in the same transaction what happened.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from wfweb.identity.policy import require as require_permission
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, ValidationFailed
from wfweb.locks import announcing, database, policy, queries
from wfweb.locks.errors import LockEndedAlready
from wfweb.locks.models import DEFAULT_DAYS, LockEvaluation, LockType
from wfweb.locks.rows import LockRow
from wfweb.records.models import Record
from wfweb.workflow import service as workflows
from wfweb.workflow.errors import AlreadyRunning

MIN_REASON = 10
MAX_REASON = 4000


def lock_for_alerts(alert_ids: Sequence[UUID]) -> list[UUID]:
    """Lock the records of alerts, each by the kind of lock made for its cause.

    Alerts without a record or without a kind of lock are passed over; one that already has a
    standing lock adds nothing. Returns the locks that were made now.
    """
    if not alert_ids:
        return []
    database.prepare()
    return announcing.created(database.create_from_alerts(alert_ids))


def lock_for_alert(alert_id: UUID, actions: Sequence[str] | None = None) -> UUID:
    """Lock the record of one alert, with actions of its own where given.

    :raises ValidationFailed: when there is no such alert, it has ended, or no kind of lock
        is made for it.
    """
    database.prepare()
    with database.sensible("/alert"):
        lock_id = database.create_from_alert(alert_id, actions)
    announcing.created([lock_id])
    return lock_id


def release(alert_id: UUID, user_id: UUID, reason: str, decided: Sequence[UUID]) -> int:
    """End the locks of an alert because a committee decided so; return how many.

    Only the step of a release workflow calls this (see :mod:`wfweb.locks.actions`).

    :param decided: the locks it decided about; others of the alert go on standing.
    :raises ValidationFailed: without a reason or when there is no such user.
    """
    database.prepare()
    standing = database.active_of_alert(alert_id)
    with database.sensible("/reason"):
        if set(standing) <= set(decided):
            count = database.unlock_from_alert(alert_id, user_id, reason)
        else:
            standing = database.end(decided, "release", user_id, reason)
            count = len(standing)
    announcing.ended(standing)
    return count


def override(lock_id: UUID, reason: str) -> LockRow:
    """End one lock without its committee, with a reason that everybody can read.

    :raises Forbidden: without the permission.
    :raises ValidationFailed: without a reason of some words.
    :raises LockEndedAlready: when it does not stand any more.
    """
    return _end(lock_id, "override", reason)


def accept_risk(lock_id: UUID, words: str) -> LockRow:
    """End a lock whose time is over by accepting in words that its cause may still hold.

    :raises Forbidden: without the permission.
    :raises Conflict: before its time is over; until then only :func:`override` ends it.
    """
    require_permission(policy.OVERRIDE)
    lock = queries.one(lock_id)
    database.prepare()
    if lock.is_active and not queries.is_over(lock, queries.history(lock_id)):
        message = "Its time is not over yet. Ask the committee, or override it with a reason."
        raise Conflict(message, reason="not_due")
    return _end(lock_id, "accepted", words)


def renew(lock_id: UUID, reason: str) -> LockRow:
    """Keep a lock for another period of its kind, counted from now.

    :raises Forbidden: without the permission.
    :raises ValidationFailed: without a reason of some words.
    :raises LockEndedAlready: when it does not stand any more.
    """
    require_permission(policy.OVERRIDE)
    lock, user_id = queries.one(lock_id), _person()
    said = _words(reason)
    database.prepare()
    if not database.renew(lock_id, user_id, said, _days_of(lock.lock_type)):
        raise _ended(lock)
    announcing.kept([lock_id], asked=False, reason=said)
    return queries.one(lock_id)


def ask_for_release(lock_id: UUID) -> UUID:
    """Start the release workflow of a lock, as the current actor; return its instance.

    :raises ValidationFailed: when its kind names no workflow.
    :raises Conflict: when its committee is being asked already.
    :raises LockEndedAlready: when it does not stand any more.
    """
    lock = queries.one(lock_id)
    if not lock.is_active:
        raise _ended(lock)
    if lock.release_workflow is None:
        message = "No committee is named for this kind of lock; it can only be overridden"
        raise ValidationFailed.at("", message, "no_committee")
    # Two people who ask at once: the second waits for the row and then sees the question.
    session().execute(
        select(Record.id).where(Record.id == lock.record_id).with_for_update(key_share=True)
    )
    asked = queries.who_can_release([lock])[lock.id]
    if asked.request_key is not None:
        message = f"{asked.request_key} asks for it already."
        raise Conflict(message, request_key=asked.request_key, reason="asked_already")
    context = {"alert_id": str(lock.alert_id), "lock_id": str(lock.id), "reason": lock.reason}
    try:
        return workflows.start(lock.release_workflow, lock.record_id, context=context).id
    except AlreadyRunning as running:
        message = "The release of another lock of this record is being decided; ask after it."
        raise Conflict(message, reason="asked_already") from running


def expire(days: int = DEFAULT_DAYS) -> int:
    """End the company's locks whose time is over, and keep those whose kind says so.

    :returns: how many ended. Everything that was looked at has a stored evaluation.
    """
    database.prepare()
    before = session().scalar(select(func.coalesce(func.max(LockEvaluation.id), 0)))
    count = database.expire(days)
    seen = select(LockEvaluation.lock_id, LockEvaluation.outcome).where(
        LockEvaluation.id > before,
        LockEvaluation.why == "expiry",
        LockEvaluation.company_id == current_actor().company_id,
    )
    outcomes = {row.lock_id: row.outcome for row in session().execute(seen)}
    announcing.ended([one for one, outcome in outcomes.items() if outcome == "expired"])
    for wanted in ("kept", "asked"):
        stays = [one for one, outcome in outcomes.items() if outcome == wanted]
        announcing.kept(stays, asked=wanted == "asked", reason="Its time was over")
    return count


def note_metrics(alert_ids: Sequence[UUID]) -> int:
    """Store for the standing locks of alerts how their cause is now; they stay as they are."""
    database.prepare()
    return database.note_metric(alert_ids)


def _end(lock_id: UUID, because: str, reason: str) -> LockRow:
    require_permission(policy.OVERRIDE)
    lock, user_id = queries.one(lock_id), _person()
    said = _words(reason)
    database.prepare()
    if not database.end([lock_id], because, user_id, said):
        raise _ended(queries.one(lock.id))
    announcing.ended([lock_id])
    return queries.one(lock_id)


def _days_of(lock_type: str) -> int:
    query = select(LockType.expiry_days).where(
        LockType.company_id == current_actor().company_id, LockType.code == lock_type
    )
    return session().scalar(query) or DEFAULT_DAYS


def _words(reason: str) -> str:
    said = reason.strip()
    if not MIN_REASON <= len(said) <= MAX_REASON:
        message = f"Write why, in {MIN_REASON} to {MAX_REASON:,} characters"
        raise ValidationFailed.at("/reason", message, "required")
    return said


def _person() -> UUID:
    actor = current_actor()
    user_id = actor.id or actor.on_behalf_of
    if user_id is None:
        raise ValidationFailed.at("", "Only a person ends or renews a lock", "person")
    return user_id


def _ended(lock: LockRow) -> LockEndedAlready:
    who = f" by {lock.unlocked_by_name}" if lock.unlocked_by_name else ""
    return LockEndedAlready(f"It ended{who}; nothing is left to do.", lock_id=str(lock.id))
