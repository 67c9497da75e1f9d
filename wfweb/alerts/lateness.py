"""Alerts about service levels end when no clock stands at their levels any more."""

from typing import Final
from uuid import UUID

from sqlalchemy import or_, select

from wfweb.alerts import compiled, evaluating, raising, subjects
from wfweb.alerts.compiled import Rule
from wfweb.alerts.evaluating import Finding
from wfweb.alerts.models import AlertRule, AlertState
from wfweb.alerts.subjects import Subject
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.sla.models import SlaClock

EASED: Final = frozenset({"sla.stopped", "sla.cancelled", "sla.resumed", "sla.moved"})
"""What happens to a clock by which nothing may be late any more."""


def ease(subject: Subject) -> None:
    """Clear what was raised because clocks of a subject were late, where none is any more.

    Asked of the clocks as they are now, so that it does not matter in which order the messages
    of one clock arrive, nor how many clocks a record has.
    """
    if subject.record:
        subjects.lock_records([subject.id])
    else:
        subjects.lock_other(subject.id)
    rules = compiled.usable(_raised_on(subject))
    states = evaluating.states_of(rules, [subject])
    found = []
    for rule in rules:
        state = states.get(rule.id, {}).get(subject.id)
        if state is not None and state.raised and not _is_late(rule, subject):
            found.append(Finding(rule, subject, "clear", state))
    raising.apply(found)


def is_over(clock_id: UUID) -> bool:
    """Tell whether a clock has ended, so that nothing about it is news any more."""
    over = select(SlaClock.id).where(SlaClock.id == clock_id, SlaClock.completed_at.is_not(None))
    return session().scalar(over) is not None


def _raised_on(subject: Subject) -> list[AlertRule]:
    """Return the rules over service levels that stand raised on a subject, also those now off."""
    query = (
        select(AlertRule)
        .join(AlertState, AlertState.rule_id == AlertRule.id)
        .where(
            AlertRule.company_id == current_actor().company_id,
            AlertRule.type == "sla",
            AlertState.subject_id == subject.id,
            AlertState.raised,
        )
        .order_by(AlertRule.id)
    )
    return list(session().scalars(query))


def _is_late(rule: Rule, subject: Subject) -> bool:
    """Tell whether an open clock of a subject stands at one of a rule's levels."""
    body = rule.body
    late = select(SlaClock.id).where(
        SlaClock.company_id == current_actor().company_id,
        SlaClock.completed_at.is_(None),
        or_(SlaClock.record_id == subject.id, SlaClock.id == subject.id),
        SlaClock.level.in_(body.levels) if body.levels else SlaClock.level != "GREEN",
    )
    if body.service_level is not None:
        late = late.where(SlaClock.definition_code == body.service_level)
    return session().scalar(late.limit(1)) is not None
