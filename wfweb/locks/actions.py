"""What workflows can do with locks: make one, and end those of an alert (ENG-7).

A workflow ends only locks whose kind names it, and only once its approval was given: nobody can
publish another workflow that frees what a committee has to decide about.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from wfweb.alerts import service as alerts
from wfweb.alerts.errors import NotOpen
from wfweb.alerts.models import OPEN_STATUSES, Alert
from wfweb.approvals.models import ApprovalDecision, ApprovalRequest
from wfweb.kernel.actor import acting_as, current_actor, system_actor
from wfweb.kernel.db import session
from wfweb.kernel.journal import journal
from wfweb.locks import database, queries, service
from wfweb.locks.releasing import asked_about
from wfweb.locks.rows import LockRow
from wfweb.workflow import actions
from wfweb.workflow.actions import ActionContext
from wfweb.workflow.models import HistoryEntry

_CODES = {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "string"}}
_TEXT = {"type": "string", "minLength": 1, "maxLength": 4000}
_CREATE = {
    "type": "object",
    "properties": {"alert": _TEXT, "actions": _CODES},
    "additionalProperties": False,
}
_RELEASE = {"type": "object", "properties": {"reason": _TEXT}, "additionalProperties": False}


def register_all() -> None:
    """Offer these actions; called by ``wiring.connect()``."""
    actions.register("create_lock", "Lock the record for an alert", _CREATE, create_lock)
    actions.register("release_locks", "End the locks of the alert", _RELEASE, release_locks)


def create_lock(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Lock for the alert named by its key, or for the one this instance is about.

    :raises LookupError: when there is no such alert about the record.
    """
    alert_id = _alert(scene, given.get("alert"))
    service.lock_for_alert(alert_id, given.get("actions"))


def release_locks(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """End the locks of the alert that this instance was started for, as its approval decided.

    Locks that end meanwhile, by their time or by an override, are none of its business any more,
    nor are those that came after the question; their alert stays open with them.

    :raises LookupError: when no approval was given, or the instance is about no alert.
    """
    loaded = scene.loaded
    alert_id = _alert(scene, None)
    journal().flush()
    if not _approved(scene):
        raise LookupError("only a step after an approval ends locks")
    code = loaded.definition.body.code
    standing = queries.by_ids(database.active_of_alert(alert_id))
    if _overtaken(loaded.context.get("lock_id"), standing):
        return
    lock_id, since = loaded.context.get("lock_id"), loaded.started_at
    decided_about = [one for one in standing if asked_about(one, lock_id, since)]
    if any(one.release_workflow != code for one in decided_about):
        raise LookupError(f"locks of this kind are not released by “{code}”")
    reason = scene.text(given["reason"]) if given.get("reason") else ""
    decided = _last_word(loaded.id)
    said = reason or decided[1] or f"Released by {loaded.definition.body.name}"
    if decided[0] is None:
        raise LookupError("nobody is named who decided the release")
    service.release(alert_id, decided[0], said, [one.id for one in decided_about])
    if len(decided_about) == len(standing):
        for one in _of_the_same_cause(alert_id):
            _resolve(one, decided[0], said)


def _overtaken(lock_id: str | None, standing: Sequence[LockRow]) -> bool:
    """Tell whether the lock that was asked about has ended and a later one stands instead.

    Nobody decided about that one: its cause came after the question.
    """
    return (
        bool(standing) and lock_id is not None and all(str(one.id) != lock_id for one in standing)
    )


def _of_the_same_cause(alert_id: UUID) -> list[UUID]:
    """Return the open alerts of the same rule about the same record, which one lock stood for."""
    asked = aliased(Alert)
    query = (
        select(Alert.id)
        .join(asked, (asked.rule_id == Alert.rule_id) & (asked.subject_id == Alert.subject_id))
        .where(asked.id == alert_id, Alert.status.in_(OPEN_STATUSES))
        .order_by(Alert.id)
    )
    return list(session().scalars(query))


def _resolve(alert_id: UUID, user_id: UUID, said: str) -> None:
    """End an alert the committee decided about, so that no critical alert stands unlocked."""
    company_id = current_actor().company_id
    with acting_as(system_actor(company_id, on_behalf_of=user_id)):
        try:
            alerts.resolve(alert_id, said)
        except NotOpen:
            return


def _alert(scene: ActionContext, key: str | None) -> UUID:
    if key:
        query = select(Alert.id).where(
            Alert.company_id == current_actor().company_id,
            Alert.key == scene.text(key),
            Alert.record_id == scene.loaded.record_id,
        )
        found = session().scalar(query)
        if found is not None:
            return found
        raise LookupError("there is no such alert about the record")
    named = scene.loaded.context.get("alert_id")
    if named is None:
        raise LookupError("the instance is about no alert")
    return UUID(str(named))


def _approved(scene: ActionContext) -> bool:
    if scene.way is not None and scene.way.trigger == "approval":
        return True
    query = select(HistoryEntry.id).where(
        HistoryEntry.instance_id == scene.loaded.id, HistoryEntry.kind == "approval"
    )
    return session().scalar(query.limit(1)) is not None


def _last_word(instance_id: UUID) -> tuple[UUID | None, str]:
    """Return who gave the deciding vote and what they said; else who acts now."""
    query = (
        select(ApprovalDecision.user_id, ApprovalDecision.comment)
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalDecision.request_id)
        .where(ApprovalRequest.instance_id == instance_id, ApprovalDecision.decision == "approve")
        .order_by(ApprovalDecision.at.desc(), ApprovalDecision.id.desc())
        .limit(1)
    )
    row = session().execute(query).one_or_none()
    actor = current_actor()
    if row is None:
        return actor.id or actor.on_behalf_of, ""
    return row.user_id or actor.id or actor.on_behalf_of, row.comment
