"""Alert rules: list, make, change, switch, and see what one would do now."""

from typing import Any

from wfweb.alerts import policy, preview, rules_admin
from wfweb.alerts.body import RuleBody
from wfweb.alerts.preview import Example
from wfweb.alerts.schemas_rules import (
    ExampleOut,
    RuleChangeIn,
    RuleIn,
    RuleList,
    RuleOut,
    RulePreviewIn,
    RulePreviewOut,
    RuleQuery,
    RuleSwitchIn,
)
from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, endpoint, under
from wfweb.kernel.errors import Conflict, ValidationFailed

bp = ApiBlueprint(
    "alert_rules", __name__, title="Alert rules", about="When alerts are raised and who is told."
)


def plain(body: RuleBody) -> dict[str, Any]:
    """Return what was sent, as the verbs take it."""
    return body.model_dump(mode="json", exclude={"version"}, exclude_unset=True)


@endpoint(
    bp,
    "GET",
    "/alert-rules",
    response=RuleList,
    query=RuleQuery,
    permission=policy.VIEW,
    summary="List alert rules",
)
def list_alert_rules(query: RuleQuery) -> RuleList:
    """Return the rules of the company."""
    found = rules_admin.rules(inactive=not query.active, type_=query.type)
    return RuleList(items=[RuleOut.model_validate(one) for one in found])


@endpoint(
    bp,
    "GET",
    "/alert-rules/<code>",
    response=RuleOut,
    permission=policy.VIEW,
    summary="Get an alert rule",
)
def get_alert_rule(code: str) -> RuleOut:
    """Return one rule."""
    return RuleOut.model_validate(rules_admin.rule_by_code(code))


@endpoint(
    bp,
    "POST",
    "/alert-rules",
    request=RuleIn,
    response=RuleOut,
    status=201,
    scope="admin",
    permission=policy.MANAGE,
    summary="Make an alert rule",
)
def create_alert_rule(body: RuleIn) -> Answer:
    """Save a new rule."""
    made = rules_admin.save_rule(plain(body))
    location = f"{PREFIX}/alert-rules/{made.code}"
    return Answer(model=RuleOut.model_validate(made), location=location)


@endpoint(
    bp,
    "PUT",
    "/alert-rules/<code>",
    request=RuleChangeIn,
    response=RuleOut,
    versioned=True,
    scope="admin",
    permission=policy.MANAGE,
    errors=[Conflict],
    summary="Change an alert rule",
)
def update_alert_rule(code: str, body: RuleChangeIn, version: int) -> RuleOut:
    """Replace a rule by a changed one."""
    if body.code != rules_admin.rule_by_code(code).code:
        raise ValidationFailed.at("/code", "This cannot change after creation", "fixed")
    return RuleOut.model_validate(rules_admin.save_rule(plain(body), version=version))


@endpoint(
    bp,
    "POST",
    "/alert-rules/<code>/switch",
    request=RuleSwitchIn,
    response=RuleOut,
    versioned=True,
    scope="admin",
    permission=policy.MANAGE,
    errors=[Conflict],
    summary="Switch an alert rule on or off",
)
def switch_alert_rule(code: str, body: RuleSwitchIn, version: int) -> RuleOut:
    """Switch a rule."""
    found = rules_admin.set_active(code, active=body.active, version=version)
    return RuleOut.model_validate(found)


@endpoint(
    bp,
    "POST",
    "/alert-rules/preview",
    request=RulePreviewIn,
    response=RulePreviewOut,
    scope="read",
    permission=policy.MANAGE,
    summary="See what a rule would do now",
    description="Through the same evaluation that raises alerts; nothing is changed.",
)
def preview_alert_rule(body: RulePreviewIn) -> RulePreviewOut:
    """Return for which records a rule would fire."""
    with under("/rule"):
        found = preview.preview(plain(body.rule))
    return RulePreviewOut(
        looked_at=found.looked_at,
        fires=found.fires,
        unknown=found.unknown,
        examples=[_example(one) for one in found.examples],
        on_events=found.on_events,
        complete=found.complete,
    )


def _example(one: Example) -> ExampleOut:
    return ExampleOut(
        record_id=one.subject.id,
        record_key=one.subject.key,
        record_title=one.subject.title,
        title=one.title,
        message=one.message,
        value=one.value,
        limit=one.limit,
    )
