"""Rules ready to be evaluated: read once per version, and said to be broken where they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import update

from wfweb import conditions
from wfweb.alerts import rules
from wfweb.alerts.body import RuleBody
from wfweb.alerts.errors import Unevaluable
from wfweb.alerts.events import RuleBroken, RuleRepaired
from wfweb.alerts.models import AlertRule
from wfweb.alerts.subjects import Subject
from wfweb.events import emit
from wfweb.kernel import clock
from wfweb.kernel.db import session
from wfweb.records.types import fields_for_conditions, find_type

MAX_COMPILED = 2000
OWN_ROOTS = ("event.",)
_cache: dict[tuple[Any, ...], "Rule"] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with everything that its evaluation needs, and nothing that changes."""

    id: UUID
    body: RuleBody
    holds: Callable[[Mapping[str, Any]], bool] | None

    @property
    def limits(self) -> rules.Limits:
        """How often people are told."""
        return rules.Limits(self.body.cooldown_minutes, self.body.daily_cap)

    @property
    def picks(self) -> bool:
        """Whether it looks at the record before it judges."""
        return self.holds is not None or bool(self.body.category)

    def is_about(self, subject: Subject) -> bool:
        """Tell whether a subject is of the rule's record type."""
        wanted = self.body.record_type
        return wanted is None or wanted == subject.type_code

    def applies(self, context: Mapping[str, Any]) -> bool:
        """Tell whether category and condition of the rule hold in a context."""
        body = self.body
        if body.category and context["record"].get(body.category_field) not in body.category:
            return False
        return self.holds is None or bool(self.holds(context))


def compile_body(rule_id: UUID, body: RuleBody) -> Rule:
    """Return a rule made of a body.

    :raises Unevaluable: when its condition cannot be read, or reads fields that are not there.
    """
    if body.condition is None:
        return Rule(rule_id, body, None)
    _require_fields(body)
    try:
        return Rule(rule_id, body, conditions.compile(body.condition))
    except conditions.MalformedConditionError as error:
        raise Unevaluable(f"Its condition cannot be read: {error}") from error


def _require_fields(body: RuleBody) -> None:
    if body.record_type is None:
        return
    record_type = find_type(body.record_type)
    if record_type is None:
        raise Unevaluable(f"There is no record type {body.record_type}")
    try:
        read = conditions.fields_read(body.condition)
    except conditions.MalformedConditionError as error:
        raise Unevaluable(f"Its condition cannot be read: {error}") from error
    known = conditions.FieldTypes(fields_for_conditions(record_type))
    for path in sorted(str(one) for one in read):
        if path.startswith(OWN_ROOTS):
            continue
        if path not in known:
            raise Unevaluable(f"{record_type.plural} have no field {path} any more")


def compile_row(row: AlertRule) -> Rule:
    """Return a stored rule, compiled once per version of it and of its record type.

    :raises Unevaluable: when it cannot be evaluated now.
    """
    record_type = find_type(row.record_type_code) if row.record_type_code else None
    mark: tuple[int, datetime] | None
    mark = (record_type.version, record_type.updated_at) if record_type else None
    key = (row.id, row.version, row.updated_at, mark)
    found = _cache.get(key)
    if found is not None:
        return found
    try:
        body = RuleBody.model_validate(row.body)
    except ValidationError as error:
        raise Unevaluable("Its definition can no longer be read") from error
    if len(_cache) >= MAX_COMPILED:
        _cache.clear()
    made = _cache[key] = compile_body(row.id, body)
    return made


def usable(rows: list[AlertRule]) -> list[Rule]:
    """Return the rules that can be evaluated, and mark those that cannot, for all to see."""
    found = []
    for row in rows:
        try:
            rule = compile_row(row)
        except Unevaluable as problem:
            mark_broken(row.id, row.name, row.error, str(problem))
            continue
        if row.error is not None:
            _mark_repaired(row.id, row.name)
        found.append(rule)
    return found


def mark_broken(rule_id: UUID, name: str, before: str | None, reason: str) -> None:
    """Say that a rule cannot be evaluated; it stays on. Told once per reason."""
    reason = reason[:1000]
    if before == reason:
        return
    _set(rule_id, error=reason, error_at=clock.now())
    emit(
        RuleBroken(
            target_type="alert_rule",
            target_id=rule_id,
            target_label=name,
            before={"error": before},
            after={"error": reason},
            reason=reason,
            risk="MEDIUM",
        )
    )


def _mark_repaired(rule_id: UUID, name: str) -> None:
    _set(rule_id, error=None, error_at=None)
    after = {"error": None}
    emit(RuleRepaired(target_type="alert_rule", target_id=rule_id, target_label=name, after=after))


def _set(rule_id: UUID, **values: Any) -> None:
    # The version stays: nobody's edit is overtaken by what the rule found out about itself.
    statement = update(AlertRule).where(AlertRule.id == rule_id)
    session().execute(statement.values(updated_at=AlertRule.updated_at, **values))
