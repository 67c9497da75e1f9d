"""Moments of alerts: escalation steps, reminders, and telling what was held back.

A handler looks at the alert under its lock: whoever was faster wins, and an alert that was
acknowledged or has ended wakes nobody (I-30).
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from wfweb.alerts import rules
from wfweb.events import timers
from wfweb.kernel.ids import new_id

if TYPE_CHECKING:
    from wfweb.alerts.raising import Opening

ESCALATE = "alerts.escalate"
REMIND = "alerts.remind"
TELL_HELD = "alerts.tell_held"
SUBJECT = "alert"


def arm(kind: str, alert_id: UUID, due_at: datetime) -> None:
    """Remember a moment of an alert; several of one kind and moment are kept apart."""
    timers.arm(kind, SUBJECT, alert_id, due_at, fire_key=str(new_id()))


def cancel(alert_id: UUID, kind: str) -> None:
    """Take back the moments of one kind that wait for an alert."""
    timers.cancel(alert_id, kind=kind)


def arm_after_raising(opening: "Opening", now: datetime) -> None:
    """Remember the first escalation step, and when to tell what is held back now."""
    body = opening.finding.rule.body
    if body.escalation:
        first = now + timedelta(minutes=body.escalation[0].after_minutes)
        arm(ESCALATE, opening.alert_id, first)
    if opening.held is not None:
        again = rules.next_telling_at(
            opening.held, opening.told, opening.finding.rule.limits, now, opening.silent_until
        )
        arm(TELL_HELD, opening.alert_id, again)
