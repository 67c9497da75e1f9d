"""How a rule reads: what it watches, when it raises an alert, who hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wfweb import conditions
from wfweb.alerts.body import Recipient, RuleBody
from wfweb.alerts.models import AlertRule, Metric
from wfweb.alerts.views.presenting import KINDS, WORDS, span
from wfweb.kernel.formats import number, schedule_text
from wfweb.records.models import RecordType
from wfweb.records.types import fields_for_conditions, find_type

TYPES: Final = {
    "threshold": "A limit of a figure",
    "inventory": "Stock that runs low",
    "schedule": "Records at set times",
    "event": "Something that happens",
    "sla": "Deadlines that come near",
}
CHECKS: Final = {
    "reorder_point": "Stock against the reorder point",
    "fixed_threshold": "Stock against a fixed number",
    "days_of_stock": "Days the stock lasts",
    "percentage": "Stock in percent of the reorder point",
}
SIDES: Final = {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above"}
CHANNELS: Final = {"in_app": "in wfweb", "email": "by e-mail"}
UNITS: Final = {"days_of_stock": " days", "percentage": " %", "reorder_point": " % of it"}


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in words."""

    rule: AlertRule
    word: str
    kind: str
    watches: str
    when: str
    sentence: str
    facts: list[tuple[str, str]]
    telling: list[tuple[str, str]]


def rule_row(
    rule: AlertRule,
    metrics: Mapping[str, Metric],
    types: Mapping[str, str],
    roles: Mapping[str, str],
) -> RuleRow:
    """Return a rule in words.

    :param types: the names of record types by code.
    :param roles: the names of roles by code.
    """
    body = RuleBody.model_validate(rule.body)
    records = types.get(body.record_type or "", body.record_type or "every record")
    when = _when(body, metrics)
    return RuleRow(
        rule=rule,
        word=WORDS[rule.severity],
        kind=KINDS[rule.severity],
        watches=f"{TYPES[body.type]}, {records.lower()}",
        when=when,
        sentence=_sentence(body, when, records),
        facts=_facts(body),
        telling=_telling(body, roles),
    )


def _when(body: RuleBody, metrics: Mapping[str, Metric]) -> str:
    if body.type == "threshold":
        metric = metrics.get(body.metric or "")
        name = metric.name if metric else body.metric or ""
        unit = f" {metric.unit}" if metric and metric.unit else ""
        return f"{name} {SIDES[body.band.operator]} {_plain(body.band.raise_at)}{unit}"
    if body.type == "inventory":
        side = SIDES[body.band.operator]
        unit = UNITS.get(body.check or "", "")
        return (
            f"{CHECKS[body.check or 'fixed_threshold']} {side} {_plain(body.band.raise_at)}{unit}"
        )
    if body.type == "schedule":
        return schedule_text(body.cron or "", body.time_zone)
    if body.type == "sla":
        return f"at {', '.join(level.capitalize() for level in body.levels) or 'every level'}"
    return f"on {(body.event or '').replace('.', ': ').replace('_', ' ')}"


def _plain(value: Any) -> str:
    return number(value.normalize()) if value is not None else ""


def _sentence(body: RuleBody, when: str, records: str) -> str:
    parts = [f"It raises an alert of {WORDS[body.severity].lower()} severity when: {when}."]
    if body.category:
        parts.append(f"Only {records.lower()} of category {', '.join(body.category)}.")
    if body.condition:
        record_type = find_type(body.record_type) if body.record_type else None
        parts.append(f"Only where {_condition(body.condition, record_type)}.")
    if body.type in {"threshold", "inventory"}:
        clears = f"It ends by itself {_other_side(body)}" if body.auto_resolve else "It stays open"
        parts.append(f"{clears}{'' if body.auto_resolve else ' until somebody resolves it'}.")
    return " ".join(parts)


def _other_side(body: RuleBody) -> str:
    falling = body.band.operator in {"<", "<="}
    limit = _plain(body.band.clear_at)
    return f"at {limit} or {'more' if falling else 'less'}"


def _condition(condition: Mapping[str, Any], record_type: RecordType | None) -> str:
    known = fields_for_conditions(record_type) if record_type else {}
    return str(conditions.describe(condition, conditions.FieldTypes(known)))


def _facts(body: RuleBody) -> list[tuple[str, str]]:
    facts = [("Severity", WORDS[body.severity])]
    if body.raise_at is not None:
        facts += [("Raised at", _plain(body.raise_at)), ("Ends at", _plain(body.band.clear_at))]
    if body.expires_hours:
        facts.append(("Expires after", f"{body.expires_hours} h"))
    return [*facts, ("One open alert", "per record")]


def _telling(body: RuleBody, roles: Mapping[str, str]) -> list[tuple[str, str]]:
    def named(one: Recipient) -> str:
        words = (one.field or "").replace("_", " ")
        return one.user or roles.get(one.role or "", one.role or words)

    rows = [
        ("Who", ", ".join(map(named, body.recipients))),
        ("How", ", ".join(CHANNELS.get(one, one) for one in body.channels)),
        ("Not again within", span(body.cooldown_minutes)),
        ("At most a day", f"{body.daily_cap} times"),
    ]
    for step in body.escalation:
        names = ", ".join(map(named, step.recipients))
        rows.append((f"After {span(step.after_minutes)}", names))
    return rows
