"""Silences: nobody is told about a rule, a record or both until a moment.

A silence is bound to rule and record, not to an alert, so it outlives resolving and raising
again. It never changes what is true: alerts are raised and locks hold as before.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, select

from wfweb.alerts import moments, policy
from wfweb.alerts.events import SilenceChanged
from wfweb.alerts.models import OPEN_STATUSES, Alert, AlertRule, AlertSilence
from wfweb.events import emit
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed
from wfweb.records.queries import record_by_id

LONGEST: Final = timedelta(days=366)
LONGEST_REASON: Final = 1000


def _live() -> "Select[AlertSilence]":
    return select(AlertSilence).where(
        AlertSilence.company_id == current_actor().company_id,
        AlertSilence.ended_at.is_(None),
        AlertSilence.until > clock.now(),
    )


def live(pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], datetime]:
    """Return which pairs of rule and subject are silenced, and until when at least."""
    found: dict[tuple[UUID, UUID], datetime] = {}
    silences = list(session().scalars(_live())) if pairs else []
    for silence in silences:
        for pair in pairs:
            if silence.rule_id in {None, pair[0]} and silence.record_id in {None, pair[1]}:
                found[pair] = max(silence.until, found.get(pair, silence.until))
    return found


def silences(*, over: bool = False) -> list[AlertSilence]:
    """Return the silences that hold now, soonest over first; or the latest 100 of all."""
    if not over:
        return list(session().scalars(_live().order_by(AlertSilence.until)))
    mine = AlertSilence.company_id == current_actor().company_id
    statement = select(AlertSilence).where(mine).order_by(AlertSilence.id.desc()).limit(100)
    return list(session().scalars(statement))


def silence(
    *, rule_id: UUID | None = None, record_id: UUID | None = None, until: datetime, reason: str
) -> AlertSilence:
    """Tell nobody about a rule, a record, or a rule on one record until a moment.

    :raises ValidationFailed: without a bound or a reason, or for a moment that is not ahead.
    :raises Forbidden: without ``alerts.act``; a whole rule needs ``alerts.manage``.
    :raises NotFound: for a rule or a record that is not there or may not be seen.
    """
    policy.require_silence(whole_rule=record_id is None)
    _check(rule_id, record_id, until, reason)
    rule_name = _rule_name(rule_id) if rule_id else ""
    record = record_by_id(record_id) if record_id else None
    made = AlertSilence(rule_id=rule_id, record_id=record_id, until=until, reason=reason.strip())
    session().add(made)
    session().flush()
    label = " on ".join(part for part in (rule_name, record.label if record else "") if part)
    _tell(made, label, {"until": until.isoformat(), "reason": made.reason})
    return made


def end_silence(silence_id: UUID) -> AlertSilence:
    """End a silence before its time; people are told at once of what is still open.

    :raises NotFound: when there is none.
    :raises Conflict: when it is over.
    """
    mine = AlertSilence.company_id == current_actor().company_id
    found = session().scalar(
        select(AlertSilence).where(mine, AlertSilence.id == silence_id).with_for_update()
    )
    if found is None:
        raise NotFound
    policy.require_silence(whole_rule=found.record_id is None)
    if found.ended_at is not None or found.until <= clock.now():
        raise Conflict("This silence is over")
    found.ended_at, found.ended_by_id = clock.now(), current_actor().id
    session().flush()
    _tell(found, "silence", {"ended_at": found.ended_at.isoformat()})
    held = select(Alert.id).where(
        Alert.company_id == current_actor().company_id,
        Alert.held_back == "silenced",
        Alert.status.in_(OPEN_STATUSES),
    )
    if found.rule_id:
        held = held.where(Alert.rule_id == found.rule_id)
    if found.record_id:
        held = held.where(Alert.record_id == found.record_id)
    for alert_id in session().scalars(held):
        moments.arm(moments.TELL_HELD, alert_id, clock.now())
    return found


def _rule_name(rule_id: UUID) -> str:
    mine = AlertRule.company_id == current_actor().company_id
    found = session().scalar(select(AlertRule.name).where(mine, AlertRule.id == rule_id))
    if found is None:
        raise NotFound
    return found


def _check(rule_id: UUID | None, record_id: UUID | None, until: datetime, reason: str) -> None:
    problems = []
    if rule_id is None and record_id is None:
        problems.append(FieldError("/rule", "Name a rule, a record, or both", "required"))
    now = clock.now()
    if until.tzinfo is None or not now < until <= now + LONGEST:
        message = "Choose a moment ahead, within a year, with its time zone"
        problems.append(FieldError("/until", message, "until"))
    if not reason.strip() or len(reason) > LONGEST_REASON or "\0" in reason:
        message = f"Say why, in at most {LONGEST_REASON} characters"
        problems.append(FieldError("/reason", message, "required"))
    if problems:
        raise ValidationFailed(problems)


def _tell(made: AlertSilence, label: str, after: dict[str, str]) -> None:
    event = SilenceChanged(
        target_type="alert_silence",
        target_id=made.id,
        target_label=label,
        after=after,
        details={"rule_id": str(made.rule_id or ""), "record_id": str(made.record_id or "")},
        risk="MEDIUM",
    )
    emit(event)
