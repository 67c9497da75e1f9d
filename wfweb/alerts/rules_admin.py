"""Rules as people keep them: save, retire, and what a rule would do now."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select

from wfweb.alerts import checks
from wfweb.alerts.body import RuleBody
from wfweb.alerts.events import RuleSaved
from wfweb.alerts.models import AlertRule
from wfweb.alerts.policy import MANAGE, VIEW
from wfweb.alerts.watching import forget_watched
from wfweb.events import emit
from wfweb.identity.policy import require
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import after_commit, refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.kernel.web import validation_failed

MOST_RULES: Final = 1000

refuse_as(
    "uq_alert_rules_company_id_code",
    lambda: ValidationFailed.at("/code", "There is a rule with this code", "taken"),
)


def read_body(data: Mapping[str, Any]) -> RuleBody:
    """Return a rule's body.

    :raises ValidationFailed: naming every wrong place.
    """
    try:
        body = RuleBody.model_validate(data)
    except ValidationError as error:
        raise validation_failed(error) from None
    found = checks.problems(body)
    if found:
        raise ValidationFailed(found)
    return body


def rules(*, inactive: bool = True, type_: str | None = None) -> list[AlertRule]:
    """Return the rules of the company by name, those that are broken first.

    :raises Forbidden: without ``alerts.view``.
    """
    require(VIEW)
    statement = select(AlertRule).where(AlertRule.company_id == current_actor().company_id)
    if not inactive:
        statement = statement.where(AlertRule.active)
    if type_:
        statement = statement.where(AlertRule.type == type_)
    order = (AlertRule.error.is_(None), AlertRule.active.desc(), AlertRule.name, AlertRule.id)
    return list(session().scalars(statement.order_by(*order).limit(MOST_RULES)))


def rule_by_code(code: str, *, lock: bool = False) -> AlertRule:
    """Return a rule.

    :raises NotFound: when there is none of this code.
    :raises Forbidden: without ``alerts.view``.
    """
    require(VIEW)
    found = _find(code, lock=lock)
    if found is None:
        raise NotFound
    return found


def _find(code: str, *, lock: bool) -> AlertRule | None:
    if "\0" in code:
        return None
    mine = AlertRule.company_id == current_actor().company_id
    statement = select(AlertRule).where(mine, AlertRule.code == code)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session().scalar(statement)


def save_rule(data: Mapping[str, Any], *, version: int | None = None) -> AlertRule:
    """Make a rule, or change the one of the same code.

    :param version: what was seen; ``None`` makes a new one.
    :raises ValidationFailed: naming every wrong place, and when the code is taken.
    :raises Conflict: when it has another version by now.
    :raises NotFound: when there is nothing to change.
    :raises Forbidden: without ``alerts.manage``.
    """
    require(MANAGE)
    body = read_body(data)
    found = _find(body.code, lock=True)
    if version is None:
        if found is not None:
            raise ValidationFailed.at("/code", "There is a rule with this code", "taken")
        found = AlertRule(code=body.code, version=0, triggered_count=0, active=True)
        session().add(found)
    elif found is None:
        raise NotFound
    else:
        _same_version(found, version)
    before = dict(found.body) if found.version else None
    if before == body.stored():
        return found
    _fill(found, body)
    session().flush()
    _tell(found, before, dict(found.body))
    return found


def install_rule(data: Mapping[str, Any]) -> AlertRule:
    """Make a rule or bring an existing one to this body; for packs.

    :raises ValidationFailed: naming every wrong place.
    """
    found = _find(str(data.get("code", "")), lock=True)
    return save_rule(data, version=found.version if found else None)


def set_active(code: str, *, active: bool, version: int) -> AlertRule:
    """Switch a rule on or off; its open alerts stay and can be resolved.

    :raises Conflict: when it has another version by now.
    :raises ValidationFailed: when it is switched on but no longer right.
    """
    require(MANAGE)
    found = rule_by_code(code, lock=True)
    _same_version(found, version)
    if found.active == active:
        return found
    body = read_body(found.body) if active else RuleBody.model_validate(found.body)
    found.active, found.version = active, found.version + 1
    found.next_run_at = checks.next_run(body, clock.now()) if active else None
    session().flush()
    _tell(found, {"active": not active}, {"active": active})
    return found


def _same_version(found: AlertRule, version: int) -> None:
    if found.version != version:
        message = "The rule has changed since you opened it. Reload it and change it again."
        raise Conflict(message, current_version=found.version, your_version=version)


def _fill(found: AlertRule, body: RuleBody) -> None:
    found.name, found.type, found.severity = body.name, body.type, body.severity
    found.record_type_code = body.record_type
    found.body = body.stored()
    found.metrics = sorted(set(body.reads))
    found.event_name = body.waits_for
    found.next_run_at = checks.next_run(body, clock.now())
    found.error = found.error_at = None
    found.version += 1


def _tell(found: AlertRule, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> None:
    event = RuleSaved(
        target_type="alert_rule",
        target_id=found.id,
        target_label=found.name,
        before=before,
        after=after,
        risk="MEDIUM",
    )
    emit(event)
    after_commit(forget_watched)
