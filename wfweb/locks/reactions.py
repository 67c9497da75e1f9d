"""What locks do when alerts happen: in the same transaction, so that no alert stands unlocked."""

from uuid import UUID

from sqlalchemy import select

from wfweb.alerts.events import AlertEscalated, AlertsCleared, AlertsRaised
from wfweb.kernel.db import session
from wfweb.locks import guard, queries, service
from wfweb.locks.rows import LockRow
from wfweb.workflow.events import InstanceMoved
from wfweb.workflow.models import HistoryEntry

GRAVE = frozenset({"critical", "urgent"})


def on_alerts_raised(event: AlertsRaised) -> None:
    """Lock the records of critical alerts (LOCK-4, BR-003)."""
    if event.severity in GRAVE:
        service.lock_for_alerts(list(event.alert_ids))


def on_alert_escalated(event: AlertEscalated) -> None:
    """Lock the record of an alert that has become critical.

    One that made a lock already makes no other by growing graver: who ended that lock has decided.
    """
    if event.severity in GRAVE and not queries.of_alert(event.target_id):
        service.lock_for_alerts([event.target_id])


def on_alerts_cleared(event: AlertsCleared) -> None:
    """Remember that a cause is gone; the lock waits for its committee or its time."""
    ids: list[UUID] = list(event.alert_ids)
    service.note_metrics(ids)


def on_instance_moved(event: InstanceMoved) -> None:
    """Refuse a step that a lock blocks, whoever takes it: a person, a vote, a timer, a rule.

    A step that carries the action's name is that action. Of work that began with it, every
    further step is refused when the kind of lock stops what is under way; a rejection never is.

    :raises Locked: naming the locks; the whole act is taken back.
    """
    code, record_id = event.transition_code, event.record_id
    if not event.record_has_locks or code is None or record_id is None:
        return
    if event.kind == "rejection":
        return
    if event.kind != "approval":
        guard.require(record_id, code)
    stopping = [one for one in queries.of_record(record_id) if _stops(one, event)]
    if stopping:
        raise guard.refused(record_id, event.definition_code, stopping)


def _stops(lock: LockRow, event: InstanceMoved) -> bool:
    if lock.in_flight != "stop" or event.definition_code not in lock.blocked_actions:
        return False
    begun = select(HistoryEntry.id).where(
        HistoryEntry.instance_id == event.instance_id,
        HistoryEntry.transition_code == event.definition_code,
    )
    return session().scalar(begun.limit(1)) is not None
