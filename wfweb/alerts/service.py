"""What people do with an alert: acknowledge, hand over, note, set a reminder, resolve.

Every verb locks what the rule remembers first and the alert second, as evaluations do, so
that they never wait for each other in a circle.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts import moments, policy, queries, writing
from wfweb.alerts.errors import NotOpen
from wfweb.alerts.events import (
    AlertAcknowledged,
    AlertAssigned,
    AlertEvent,
    AlertNoted,
    AlertResolved,
)
from wfweb.alerts.models import Alert, AlertNote, AlertRule, AlertState
from wfweb.events import emit
from wfweb.identity import queries as people
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, ValidationFailed

LONGEST_NOTE: Final = 4000
LONGEST_REMINDER: Final = 60 * 24 * 90
WITHOUT_LATCH: Final = ("event", "sla")
"""Types of rules that are raised by something that happens, not by something that holds."""


def acknowledge(
    alert_id: UUID,
    *,
    version: int | None = None,
    note: str = "",
    remind_minutes: int | None = None,
) -> Alert:
    """Look after an alert: it is the actor's now, and escalates no further.

    :param version: what was seen; another one by now is a conflict.
    :param remind_minutes: tell the actor again so often while it is open.
    :raises Conflict: when somebody else looks after it already.
    :raises NotOpen: when it has ended.
    :raises Forbidden: for somebody who was not told and may not look after others' alerts.
    """
    alert = _open(alert_id, version)
    actor = current_actor()
    if alert.status == "acknowledged":
        raise _taken(alert)
    alert.status = "acknowledged"
    alert.owner_id = actor.id or alert.owner_id
    alert.acknowledged_at, alert.acknowledged_by_id = clock.now(), actor.id
    alert.next_escalation_at = None
    moments.cancel(alert.id, moments.ESCALATE)
    _write_note(alert, "acknowledged", note)
    if remind_minutes is not None:
        _set_reminder(alert, remind_minutes)
    _tell(alert, AlertAcknowledged, {"status": "acknowledged"}, owner_id=alert.owner_id)
    return alert


def assign(alert_id: UUID, owner_id: UUID, *, version: int | None = None, note: str = "") -> Alert:
    """Give an alert to somebody, who looks after it from now on.

    :raises ValidationFailed: when nobody active of the company has this id.
    :raises NotOpen: when it has ended.
    """
    alert = _open(alert_id, version)
    found = people.active_people([owner_id])
    if not found:
        raise ValidationFailed.at("/owner", "Choose somebody who is active here", "unknown")
    if alert.status != "acknowledged":
        alert.status, alert.acknowledged_at = "acknowledged", clock.now()
        alert.acknowledged_by_id = current_actor().id
        alert.next_escalation_at = None
        moments.cancel(alert.id, moments.ESCALATE)
    alert.owner_id = owner_id
    _write_note(alert, "assigned", note or f"To {found[0].name}")
    _tell(alert, AlertAssigned, {"owner": found[0].name}, owner_id=owner_id)
    return alert


def note(alert_id: UUID, body: str) -> AlertNote:
    """Write something about an alert, also when it has ended.

    :raises ValidationFailed: for an empty or too long text.
    """
    alert = _locked(alert_id)
    if not body.strip():
        raise ValidationFailed.at("/body", "Write a note", "required")
    written = _write_note(alert, "note", body)
    _tell(alert, AlertNoted, {"note": written.body[:200]})
    return written


def remind(alert_id: UUID, minutes: int | None, *, version: int | None = None) -> Alert:
    """Tell the owner again so often while the alert is open; ``None`` stops that.

    Without an owner the actor becomes it.

    :raises ValidationFailed: for less than a minute or more than 90 days.
    :raises NotOpen: when it has ended.
    """
    alert = _open(alert_id, version)
    if minutes is None:
        moments.cancel(alert.id, moments.REMIND)
        alert.remind_at = alert.remind_every_minutes = None
    else:
        alert.owner_id = alert.owner_id or current_actor().id
        _set_reminder(alert, minutes)
    _tell(alert, AlertNoted, {"remind_every_minutes": minutes})
    return alert


def resolve(alert_id: UUID, notes: str = "", *, version: int | None = None) -> Alert:
    """End an alert. While its cause still holds, the notes have to say why.

    The rule does not raise it again before the cause has gone once, or after the rule's own
    ``raise_again_hours``.

    :raises ValidationFailed: without notes while the cause holds, or nobody can tell.
    :raises NotOpen: when it has ended.
    """
    alert = _open(alert_id, version)
    _require_length(notes, "/notes")
    holds = queries.cause(alert.id).holds
    if holds is not False and not notes.strip():
        message = "The cause still holds; say why the alert ends all the same"
        raise ValidationFailed.at("/notes", message, "required")
    close(alert, "resolved", notes.strip(), holds=holds)
    alert.resolved_by_id = current_actor().id
    _write_note(alert, "resolved", notes)
    _tell(alert, AlertResolved, {"status": "resolved"}, holds=holds)
    return alert


def close(alert: Alert, status: str, notes: str, *, holds: bool | None) -> None:
    """End a locked alert and what waits for it; the rule keeps its latch while the cause holds."""
    alert.status, alert.resolved_at = status, clock.now()
    alert.resolution_notes, alert.holds = notes, holds
    alert.next_escalation_at = alert.remind_at = None
    writing.disarm([alert.id])
    state = session().get(AlertState, (alert.rule_id, alert.subject_id), with_for_update=True)
    if state is None:
        return
    kind = session().scalar(select(AlertRule.type).where(AlertRule.id == alert.rule_id))
    if holds is False or kind in WITHOUT_LATCH:
        state.raised, state.closed_by_hand_at = False, None
    else:
        state.closed_by_hand_at = clock.now()


def _locked(alert_id: UUID) -> Alert:
    """Return an alert that the actor may look after, locked in the order of evaluations."""
    alert = queries.alert_by_key(alert_id)
    policy.require_act(alert)
    key = (alert.rule_id, alert.subject_id)
    session().get(AlertState, key, with_for_update=True, populate_existing=True)
    return session().get_one(Alert, alert.id, with_for_update=True, populate_existing=True)


def _open(alert_id: UUID, version: int | None) -> Alert:
    alert = _locked(alert_id)
    if not alert.is_open:
        raise NotOpen(f"{alert.key} has ended: it is {alert.status}")
    if version is not None and alert.version != version:
        if alert.status == "acknowledged":
            raise _taken(alert, version)
        message = f"{alert.key} has changed since you looked at it"
        raise Conflict(message, current_version=alert.version, your_version=version)
    alert.version += 1
    return alert


def _taken(alert: Alert, version: int | None = None) -> Conflict:
    by = people.people_by_ids([alert.owner_id]).get(alert.owner_id) if alert.owner_id else None
    at: datetime | None = alert.acknowledged_at
    when = f" at {at:%H:%M} UTC" if at else ""
    return Conflict(
        f"{by.name if by else 'Somebody'} took {alert.key}{when}",
        current_version=session().scalar(select(Alert.version).where(Alert.id == alert.id)),
        your_version=version,
        by=by.name if by else "",
    )


def _set_reminder(alert: Alert, minutes: int) -> None:
    if isinstance(minutes, bool) or not 1 <= minutes <= LONGEST_REMINDER:
        message = f"Use a number of minutes from 1 to {LONGEST_REMINDER}"
        raise ValidationFailed.at("/remind_minutes", message, "range")
    moments.cancel(alert.id, moments.REMIND)
    alert.remind_every_minutes = minutes
    alert.remind_at = clock.now() + timedelta(minutes=minutes)
    moments.arm(moments.REMIND, alert.id, alert.remind_at)


def _require_length(text: str, pointer: str) -> None:
    if len(text) > LONGEST_NOTE or "\0" in text:
        raise ValidationFailed.at(pointer, f"Use at most {LONGEST_NOTE} characters", "too_long")


def _write_note(alert: Alert, kind: str, body: str) -> AlertNote:
    _require_length(body, "/body")
    written = AlertNote(alert_id=alert.id, kind=kind, body=body.strip())
    session().add(written)
    return written


def _tell(alert: Alert, kind: type[AlertEvent], after: dict[str, Any], **more: Any) -> None:
    session().flush()
    event = kind(
        target_type="alert",
        target_id=alert.id,
        target_label=alert.key,
        rule_id=alert.rule_id,
        record_id=alert.record_id,
        severity=alert.severity,
        after=after,
        **more,
    )
    emit(event)
