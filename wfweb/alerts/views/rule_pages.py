"""The pages of rules: the list, one rule with what it would do now, on and off."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.alerts import catalogue, rules_admin, silencing
from wfweb.alerts.models import AlertRule, AlertSilence
from wfweb.alerts.policy import MANAGE, VIEW
from wfweb.alerts.preview import Preview
from wfweb.alerts.preview import preview as foretell
from wfweb.alerts.views import bp
from wfweb.alerts.views.rule_words import TYPES, RuleRow, rule_row
from wfweb.identity import queries as people
from wfweb.identity.access import requires
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.web import page, respond, version_posted
from wfweb.records.models import Record
from wfweb.records.queries import record_types


@bp.get("/alert-rules")
@requires(VIEW)
def rules() -> ResponseReturnValue:
    """List the rules, those that cannot be evaluated first, and the silences that hold."""
    with transaction():
        found = rules_admin.rules()
        return page(
            "alerts/rules.html",
            rows=_rows(found),
            types=list(TYPES.items()),
            silences=[(one, _silenced(one)) for one in silencing.silences()],
        )


def _rows(found: list[AlertRule]) -> list[RuleRow]:
    measured = {one.code: one for one in catalogue.metrics(inactive=True)}
    types = {one.code: one.plural for one in record_types(inactive=True)}
    roles = {one.code: one.name for one in people.roles()}
    return [rule_row(one, measured, types, roles) for one in found]


def _silenced(silence: AlertSilence) -> str:
    rule = session().get(AlertRule, silence.rule_id) if silence.rule_id else None
    record = session().get(Record, silence.record_id) if silence.record_id else None
    parts = [rule.name if rule else "Every rule", record.label if record else "every record"]
    return " on ".join(parts)


@bp.post("/alert-silences/<uuid:silence_id>/end")
@requires(VIEW)
def end_silence(silence_id: UUID) -> ResponseReturnValue:
    """End a silence before its time."""
    with transaction():
        silencing.end_silence(silence_id)
        flash("The silence has ended; what is open is told again.", "ok")
    return respond(url_for("alerts.rules"))


@bp.get("/alert-rules/<code>")
@requires(VIEW)
def rule(code: str) -> ResponseReturnValue:
    """Show a rule in words, and what it would do on today's figures."""
    with transaction():
        found = rules_admin.rule_by_code(code)
        seen = _foretold(found)
        return page("alerts/rule.html", row=_rows([found])[0], preview=seen)


def _foretold(found: AlertRule) -> Preview | None:
    """Return what a rule would do now, for those who may change it."""
    if not current_actor().may(MANAGE):
        return None
    try:
        return foretell(found.body)
    except ValidationFailed:
        return None  # the page says above why the rule cannot be evaluated


@bp.post("/alert-rules/<code>/active")
@requires(MANAGE)
def switch_rule(code: str) -> ResponseReturnValue:
    """Switch a rule on or off."""
    active = bool(request.form.get("active"))
    with transaction():
        found = rules_admin.set_active(code, active=active, version=version_posted())
        flash(f"{found.name} is {'on' if found.active else 'off'}.", "ok")
    return respond(url_for("alerts.rule", code=code))
