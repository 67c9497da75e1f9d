"""What happens by itself when time passes: escalation, reminders, late telling, expiry."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text

from wfweb.alerts import announcing, moments, rules, silencing
from wfweb.alerts.body import RuleBody
from wfweb.alerts.events import AlertEscalated, AlertExpired
from wfweb.alerts.models import Alert, AlertRule, AlertState
from wfweb.alerts.rules import Told
from wfweb.alerts.service import close
from wfweb.events import emit
from wfweb.events.timers import Due
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.tenancy import Company

EXPIRED_AT_ONCE: Final = 200


def _locked(alert_id: UUID) -> tuple[Alert, AlertState | None] | None:
    """Return an open alert and what its rule remembers, locked as evaluations lock them."""
    key = (
        session()
        .execute(select(Alert.rule_id, Alert.subject_id).where(Alert.id == alert_id))
        .one_or_none()
    )
    if key is None:
        return None
    state = session().get(AlertState, tuple(key), with_for_update=True, populate_existing=True)
    alert = session().get_one(Alert, alert_id, with_for_update=True, populate_existing=True)
    return (alert, state) if alert.is_open else None


def _body_of(alert: Alert) -> RuleBody:
    row = session().get_one(AlertRule, alert.rule_id)
    return RuleBody.model_validate(row.body)


def on_escalate(due: Due) -> None:
    """Take the next escalation step, unless somebody looks after the alert by now."""
    found = _locked(due.subject_id)
    if found is None:
        return
    alert, now = found[0], clock.now()
    if alert.next_escalation_at is None or alert.next_escalation_at > now:
        return
    body = _body_of(alert)
    if alert.escalation_level >= len(body.escalation):
        alert.next_escalation_at = None
        return
    pair = (alert.rule_id, alert.subject_id)
    silent_until = silencing.live({pair}).get(pair)
    if silent_until is not None:
        alert.next_escalation_at = silent_until
        moments.arm(moments.ESCALATE, alert.id, silent_until)
        return
    _step(alert, body)


def _step(alert: Alert, body: RuleBody) -> None:
    step = body.escalation[alert.escalation_level]
    before = {"status": alert.status, "severity": alert.severity}
    alert.escalation_level += 1
    alert.status, alert.version = "escalated", alert.version + 1
    alert.severity = rules.graver(alert.severity, step.severity or alert.severity)
    minutes = [one.after_minutes for one in body.escalation]
    began, now = alert.raised_at, clock.now()
    alert.next_escalation_at = rules.next_step_at(began, minutes, alert.escalation_level, now)
    if alert.next_escalation_at is not None:
        moments.arm(moments.ESCALATE, alert.id, alert.next_escalation_at)
    session().flush()
    after = {"status": alert.status, "severity": alert.severity}
    emit(AlertEscalated(**about(alert), before=before, after=after, level=alert.escalation_level))
    announcing.tell("escalated", [alert.id], level=alert.escalation_level)


def on_remind(due: Due) -> None:
    """Tell the owner again, and remember the next time."""
    found = _locked(due.subject_id)
    if found is None:
        return
    alert, now = found[0], clock.now()
    if alert.remind_at is None or alert.remind_at > now or alert.remind_every_minutes is None:
        return
    alert.remind_at = rules.next_reminder_at(alert.remind_at, alert.remind_every_minutes, now)
    moments.arm(moments.REMIND, alert.id, alert.remind_at)
    announcing.tell("reminder", [alert.id])


def on_tell_held(due: Due) -> None:
    """Tell of an alert that was held back, when nothing holds it back any more."""
    found = _locked(due.subject_id)
    if found is None:
        return
    alert, state = found
    if alert.held_back is None or state is None:
        return
    if alert.status == "acknowledged":
        alert.held_back = None  # somebody looks after it without having been told
        return
    now, body = clock.now(), _body_of(alert)
    told = Told(state.last_told_at, state.told_on, state.told_count)
    limits = rules.Limits(body.cooldown_minutes, body.daily_cap)
    pair = (alert.rule_id, alert.subject_id)
    silent_until = silencing.live({pair}).get(pair)
    alert.held_back = rules.held_back(told, limits, now, silenced=silent_until is not None)
    if alert.held_back is not None:
        why: Any = alert.held_back
        again = rules.next_telling_at(why, told, limits, now, silent_until)
        moments.arm(moments.TELL_HELD, alert.id, again)
        return
    after = rules.after_telling(told, now)
    state.last_told_at, state.told_on, state.told_count = after.last_at, after.day, after.count
    alert.told_at = now
    session().flush()
    announcing.tell("raised", [alert.id])


def about(alert: Alert) -> dict[str, Any]:
    """Return the members that every event about an alert has."""
    return {
        "target_type": "alert",
        "target_id": alert.id,
        "target_label": alert.key,
        "rule_id": alert.rule_id,
        "record_id": alert.record_id,
        "severity": alert.severity,
    }


_DUE = text(
    "select id from alerts where expires_at <= :now and resolved_at is null"
    " order by expires_at limit :limit"
)


def expire_due() -> int:
    """End alerts whose time is over, in every company; return how many."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    return sum(_expire_in(company_id) for company_id in companies)


def _expire_in(company_id: UUID) -> int:
    count = 0
    while True:
        with transaction(company_id=company_id):
            values = {"now": clock.now(), "limit": EXPIRED_AT_ONCE}
            due = sorted(session().execute(_DUE, values).scalars())
            count += sum(_expire(alert_id) for alert_id in due)
        if len(due) < EXPIRED_AT_ONCE:
            return count


def _expire(alert_id: UUID) -> bool:
    found = _locked(alert_id)
    if found is None:
        return False
    alert = found[0]
    alert.version += 1
    close(alert, "expired", "Its time was over.", holds=alert.holds)
    session().flush()
    emit(AlertExpired(**about(alert), after={"status": "expired"}))
    return True
