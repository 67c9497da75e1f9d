"""The one evaluation: readings, schedules, events and previews all ask here what moves."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import cast
from sqlalchemy.types import Text

from wfweb.alerts import compiled, rules
from wfweb.alerts.compiled import Rule
from wfweb.alerts.figures import Figures
from wfweb.alerts.models import AlertRule
from wfweb.alerts.rules import Measured, Move, Told
from wfweb.alerts.subjects import Subject, context_of
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session


class State(NamedTuple):
    """What a rule remembers of a subject."""

    raised: bool
    alert_id: UUID | None
    closed_by_hand_at: datetime | None
    told: Told


class Finding(NamedTuple):
    """What a rule found about a subject. ``measured`` is None for rules that only ask."""

    rule: Rule
    subject: Subject
    move: Move
    state: State | None
    measured: Measured | None = None
    context: Mapping[str, Any] = {}


States = Mapping[UUID, Mapping[UUID, State]]
"""What is remembered, by rule and then by subject."""

_STATES = text(
    "select s.rule_id, s.subject_id, s.raised, s.alert_id, s.closed_by_hand_at, s.last_told_at,"
    " s.told_on, s.told_count from unnest(cast(:subjects as uuid[])) one(id)"
    " join alert_states s on s.record_id = one.id where s.rule_id = any(cast(:rules as uuid[]))"
    " order by s.rule_id, s.subject_id for update of s"
)
# A subject without a record is found by the primary key.
_STATES_OF_OTHERS = text(
    "select s.rule_id, s.subject_id, s.raised, s.alert_id, s.closed_by_hand_at, s.last_told_at,"
    " s.told_on, s.told_count from alert_states s where s.rule_id = any(cast(:rules as uuid[]))"
    " and s.subject_id = any(cast(:subjects as uuid[])) and s.record_id is null"
    " order by s.rule_id, s.subject_id for update of s"
)


def states_of(found: Iterable[Rule], about: Collection[Subject]) -> States:
    """Return what rules remember of subjects, locked until the act ends."""
    ids = [rule.id for rule in found]
    states: dict[UUID, dict[UUID, State]] = {}
    parts = (
        (_STATES, [one.id for one in about if one.record]),
        (_STATES_OF_OTHERS, [one.id for one in about if not one.record]),
    )
    for statement, wanted in parts:
        if not (ids and wanted):
            continue
        for row in session().execute(statement, {"rules": ids, "subjects": wanted}):
            told = Told(row.last_told_at, row.told_on, row.told_count)
            state = State(row.raised, row.alert_id, row.closed_by_hand_at, told)
            states.setdefault(row.rule_id, {})[row.subject_id] = state
    return states


def on_readings(
    about: Mapping[UUID, Subject], values: Mapping[tuple[UUID, str], Decimal]
) -> list[Finding]:
    """Return what moves because of new values, for every active rule that reads them."""
    metrics = {metric for _record_id, metric in values}
    found = compiled.usable(_active_rules_on(metrics))
    states = states_of(found, list(about.values()))
    figures = Figures(values)
    of_metric: dict[str, dict[UUID, Subject]] = {}
    for record_id, metric in values:
        of_metric.setdefault(metric, {})[record_id] = about[record_id]
    findings: list[Finding] = []
    for rule in found:
        touched: dict[UUID, Subject] = {}
        for metric in rule.body.reads:
            touched = (
                {**touched, **of_metric.get(metric, {})} if touched else of_metric.get(metric, {})
            )
        candidates = [subject for subject in touched.values() if rule.is_about(subject)]
        findings += measured_moves(rule, candidates, figures, states)
    return findings


def _active_rules_on(metrics: set[str]) -> list[AlertRule]:
    reads = AlertRule.metrics.overlap(cast(sorted(metrics), ARRAY(Text)))
    mine = (AlertRule.company_id == current_actor().company_id) & AlertRule.active
    statement = select(AlertRule).where(mine, reads).order_by(AlertRule.id)
    return list(session().scalars(statement))


def measured_moves(
    rule: Rule, about: Collection[Subject], figures: Figures, states: States
) -> list[Finding]:
    """Return what moves for a rule over metrics; nothing for subjects it cannot answer."""
    measured, mine = figures.measure(rule, about), states.get(rule.id, {})
    findings = []
    for subject in about:
        answer = measured.get(subject.id)
        if answer is None:
            continue
        state = mine.get(subject.id) if mine else None
        raised = state is not None and state.raised
        move = rules.judge(answer.band, answer.value, raised=raised)
        if raised or move != "quiet":
            findings.append(Finding(rule, subject, move, state, answer))
    return _still_about(rule, findings, figures) if rule.picks else _moving(findings)


def _still_about(rule: Rule, findings: list[Finding], figures: Figures) -> list[Finding]:
    """Look at the records as well: what a rule is not about any more clears."""
    figures.fetch_facts(finding.subject.id for finding in findings)
    kept = []
    for finding in findings:
        if not rule.applies(context_of(figures.facts(finding.subject.id))):
            raised = finding.state is not None and finding.state.raised
            finding = finding._replace(move="clear" if raised else "quiet")  # noqa: PLW2901
        kept.append(finding)
    return _moving(kept)


def _moving(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.move != "quiet"]


def asked_moves(
    rule: Rule,
    about: Collection[Subject],
    figures: Figures,
    states: States,
    event: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Return what moves for a rule that asks a condition of records: schedules and events."""
    figures.fetch_facts(subject.id for subject in about if subject.record)
    findings = []
    for subject in about:
        state = states.get(rule.id, {}).get(subject.id)
        raised = state is not None and state.raised
        holds = rule.applies(context_of(figures.facts(subject.id), event))
        move = rules.judge_plain(holds=holds, raised=raised)
        findings.append(Finding(rule, subject, move, state, context=event or {}))
    return _moving(findings)
