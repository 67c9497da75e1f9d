"""The pages of rules: the list, one rule, the builder with its preview, on and off."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.alerts import catalogue, checks, rules_admin, silencing
from wfweb.alerts.body import RuleBody
from wfweb.alerts.models import SEVERITIES, AlertRule, AlertSilence
from wfweb.alerts.policy import MANAGE, VIEW
from wfweb.alerts.preview import Preview
from wfweb.alerts.preview import preview as foretell
from wfweb.alerts.views import bp
from wfweb.alerts.views.presenting import WORDS
from wfweb.alerts.views.rule_forms import Typed, body_of, fields_of, read_typed, typed_of
from wfweb.alerts.views.rule_words import CHANNELS, CHECKS, SIDES, TYPES, RuleRow, rule_row
from wfweb.identity import queries as people
from wfweb.identity.access import requires
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.web import page, respond
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
    seen, active = request.form.get("version", ""), bool(request.form.get("active"))
    with transaction():
        number = int(seen) if seen.isdecimal() else -1
        found = rules_admin.set_active(code, active=active, version=number)
        flash(f"{found.name} is {'on' if found.active else 'off'}.", "ok")
    return respond(url_for("alerts.rule", code=code))


@bp.get("/alert-rules/new")
@requires(MANAGE)
def new_rule() -> ResponseReturnValue:
    """Show the form of a new rule of a kind."""
    kind = request.args.get("type", "threshold")
    typed = typed_of({"type": kind if kind in TYPES else "threshold", "channels": ["in_app"]})
    with transaction():
        return _form({**typed, "severity": "warning", "time_zone": "UTC"}, None)


@bp.get("/alert-rules/<code>/edit")
@requires(MANAGE)
def edit_rule(code: str) -> ResponseReturnValue:
    """Show the form of a rule."""
    with transaction():
        found = rules_admin.rule_by_code(code)
        body = RuleBody.model_validate(found.body).model_dump(mode="json", exclude_none=True)
        return _form({**typed_of(body), "version": found.version}, found)


@bp.post("/alert-rules/new")
@requires(MANAGE)
def create_rule() -> ResponseReturnValue:
    """Make a rule, show what it would do, or what is wrong with it."""
    return _save(None)


@bp.post("/alert-rules/<code>/edit")
@requires(MANAGE)
def save_rule(code: str) -> ResponseReturnValue:
    """Save a rule, show what it would do, or what is wrong with it."""
    return _save(code)


def _save(code: str | None) -> Response:
    typed = read_typed(request.form)
    seen = typed.get("version", "")
    try:
        with transaction():
            found = rules_admin.rule_by_code(code) if code else None
            body = body_of({**typed, "code": code or typed.get("code", "")}, _body(found))
            if typed.get("_act") == "preview":
                return _form(typed, found, preview=foretell(body))
            number = (int(seen) if seen.isdecimal() else -1) if code else None
            saved = rules_admin.save_rule(body, version=number)
            flash(f"{saved.name} is saved. It counts from now on.", "ok")
            target = url_for("alerts.rule", code=saved.code)
    except ValidationFailed as refusal:
        with transaction():
            found = rules_admin.rule_by_code(code) if code else None
            return _form(typed, found, refusal.errors, status=refusal.status)
    except Conflict as conflict:
        with transaction():
            found = rules_admin.rule_by_code(code) if code else None
            now = {**typed, "version": str(conflict.current_version or "")}
            return _form(now, found, [FieldError("", conflict.detail)], status=conflict.status)
    return respond(target)


def _body(found: AlertRule | None) -> dict[str, Any] | None:
    return found.body if found else None


def _form(
    typed: Typed,
    found: AlertRule | None,
    errors: Any = (),
    *,
    status: int = 200,
    preview: Any = None,
) -> Response:
    there = fields_of(typed.get("type", ""), new=found is None)
    shown = [
        FieldError(_place(error.pointer, there), error.message, error.code) for error in errors
    ]
    return page(
        "alerts/rule_form.html",
        status=status,
        rule=found,
        typed=typed,
        kind=typed.get("type", "threshold"),
        kind_word=TYPES.get(typed.get("type", ""), ""),
        errors=shown,
        wrong={error.pointer.strip("/"): error.message for error in reversed(shown)},
        preview=preview,
        severities=[(one, WORDS[one]) for one in SEVERITIES],
        metrics=[(one.code, one.name) for one in catalogue.metrics()],
        checks=list(CHECKS.items()),
        sides=list(SIDES.items()),
        channels=list(CHANNELS.items()),
        roles=[(one.code, one.name) for one in people.roles()],
        types=[(one.code, one.plural) for one in record_types()],
        events=sorted(checks.event_names()),
    )


def _place(pointer: str, there: frozenset[str]) -> str:
    """Return the field of the form that holds a part of the body; empty when none does."""
    parts = pointer.strip("/").split("/")
    if not parts[0]:
        return ""
    if parts[0] == "escalation" and len(parts) > 1:
        member = {"after_minutes": "after", "recipients": "role"}.get(
            "".join(parts[2:3]), "severity"
        )
        return f"/step{parts[1]}.{member}"
    if parts[0] == "template" and len(parts) > 1:
        return f"/{parts[1]}"
    name = "roles" if parts[0] == "recipients" else parts[0]
    return f"/{name}" if name in there else ""
