"""What locks do when alerts happen: in the same transaction, so that no alert stands unlocked."""

from uuid import UUID

from wfweb.alerts.events import AlertEscalated, AlertsCleared, AlertsRaised
from wfweb.locks import service

GRAVE = frozenset({"critical", "urgent"})


def on_alerts_raised(event: AlertsRaised) -> None:
    """Lock the records of critical alerts (LOCK-4, BR-003)."""
    if event.severity in GRAVE:
        service.lock_for_alerts(list(event.alert_ids))


def on_alert_escalated(event: AlertEscalated) -> None:
    """Lock the record of an alert that has become critical."""
    if event.severity in GRAVE:
        service.lock_for_alerts([event.target_id])


def on_alerts_cleared(event: AlertsCleared) -> None:
    """Remember that a cause is gone; the lock waits for its committee or its time."""
    ids: list[UUID] = list(event.alert_ids)
    service.note_metrics(ids)
