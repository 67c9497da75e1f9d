"""The form of a rule: made, changed, and tried on today's figures while it is typed."""

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.alerts import catalogue, checks, rules_admin
from wfweb.alerts.body import RuleBody
from wfweb.alerts.models import SEVERITIES, AlertRule
from wfweb.alerts.policy import MANAGE
from wfweb.alerts.preview import preview as foretell
from wfweb.alerts.views import bp, rule_rows
from wfweb.alerts.views.presenting import WORDS
from wfweb.alerts.views.rule_forms import Typed, body_of, fields_of, read_typed, typed_of
from wfweb.alerts.views.rule_words import CHANNELS, CHECKS, SIDES, TYPES
from wfweb.identity import queries as people
from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.kernel.web import fragment, page, respond, version_posted
from wfweb.records.queries import record_types

# What a rule needs to be saved and a preview does not ask for.
NOT_YET = {"code": "preview", "recipients": [{"field": "owner"}], "escalation": []}


@bp.get("/alert-rules/new")
@requires(MANAGE)
def new_rule() -> ResponseReturnValue:
    """Show the form of a new rule of a kind."""
    kind = request.args.get("type", "threshold")
    typed = typed_of({"type": kind if kind in TYPES else "threshold", "channels": ["in_app"]})
    typed |= {"severity": "warning", "time_zone": "UTC"}
    with transaction():
        return _form(rule_rows.with_condition(typed, None), None)


@bp.get("/alert-rules/<code>/edit")
@requires(MANAGE)
def edit_rule(code: str) -> ResponseReturnValue:
    """Show the form of a rule, and what it would do now."""
    with transaction():
        found = rules_admin.rule_by_code(code)
        body = RuleBody.model_validate(found.body).model_dump(mode="json", exclude_none=True)
        typed = {**typed_of(body), "version": found.version}
        return _form(rule_rows.with_condition(typed, found.body.get("condition")), found)


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
    typed, pressed = _typed()
    try:
        with transaction():
            found = rules_admin.rule_by_code(code) if code else None
            if pressed or typed.get("_act") == "preview":
                return _form(typed, found)
            body = _body(typed, found)
            saved = rules_admin.save_rule(body, version=version_posted() if code else None)
            flash(f"{saved.name} is saved. It counts from now on.", "ok")
            target = url_for("alerts.rule", code=saved.code)
    except ValidationFailed as refusal:
        return _again(typed, code, refusal.errors, refusal.status)
    except Conflict as conflict:
        typed = {**typed, "version": str(conflict.current_version or "")}
        return _again(typed, code, [FieldError("", conflict.detail)], conflict.status)
    return respond(target)


def _again(typed: Typed, code: str | None, errors: Sequence[FieldError], status: int) -> Response:
    with transaction():
        found = rules_admin.rule_by_code(code) if code else None
        return _form(typed, found, errors, status=status)


def _typed() -> tuple[Typed, bool]:
    """Return what was typed, and whether a button of the condition was pressed."""
    return rule_rows.with_rows(read_typed(request.form), request.form)


def _body(typed: Typed, found: AlertRule | None) -> dict[str, Any]:
    before = found.body if found else None
    body = body_of({**typed, "code": found.code if found else typed.get("code", "")}, before)
    condition = rule_rows.condition_in(typed, before)
    return body if condition is None else {**body, "condition": condition}


@bp.post("/alert-rules/rows")
@requires(MANAGE)
def rows_of_rule() -> ResponseReturnValue:
    """Draw the rows of the condition anew, after one of their buttons, and the preview."""
    typed, _pressed = _typed()
    with transaction():
        rows = rule_rows.drawn(typed)
        shown = {"rows": rows, "wrong": {}, "kind": typed.get("type", "")}
        return fragment("alerts/_rows.html", **shown, **_tried(typed, _edited()))


@bp.post("/alert-rules/preview")
@requires(MANAGE)
def preview_rule() -> ResponseReturnValue:
    """Show what a rule would do now, beside its form; nothing is saved."""
    typed, _pressed = _typed()
    with transaction():
        return fragment("alerts/_preview_answer.html", **_tried(typed, _edited()))


def _edited() -> AlertRule | None:
    code = request.form.get("of", "")
    return rules_admin.rule_by_code(code) if code else None


def _tried(typed: Typed, found: AlertRule | None) -> dict[str, Any]:
    """Return what the rule would do now, or what has to be said before that can be told."""
    try:
        body = _body(typed, found)
        tried = foretell({**body, **NOT_YET, "name": body.get("name") or "This rule"})
    except ValidationFailed as refusal:
        return {"preview": None, "needs": list(dict.fromkeys(e.message for e in refusal.errors))}
    return {"preview": tried, "needs": []}


def _form(
    typed: Typed,
    found: AlertRule | None,
    errors: Sequence[FieldError] = (),
    *,
    status: int = 200,
) -> Response:
    kind = typed.get("type", "")
    there = fields_of(kind, new=found is None)
    shown = [
        FieldError(_place(error.pointer, there, typed), error.message, error.code)
        for error in errors
    ]
    return page(
        "alerts/rule_form.html",
        status=status,
        rule=found,
        typed=typed,
        rows=rule_rows.drawn(typed),
        kind=kind,
        kind_word=TYPES.get(kind, ""),
        errors=shown,
        wrong={error.pointer.strip("/"): error.message for error in reversed(shown)},
        **_choices(),
        **_tried(typed, found),
    )


def _choices() -> dict[str, Any]:
    return {
        "severities": [(one, WORDS[one]) for one in SEVERITIES],
        "metrics": [(one.code, one.name) for one in catalogue.metrics()],
        "checks": list(CHECKS.items()),
        "sides": list(SIDES.items()),
        "channels": list(CHANNELS.items()),
        "roles": [(one.code, one.name) for one in people.roles()],
        "types": [(one.code, one.plural) for one in record_types()],
        "events": sorted(checks.event_names()),
    }


def _place(pointer: str, there: frozenset[str], typed: Typed) -> str:
    """Return the field of the form that holds a part of the body; empty when none does."""
    parts = pointer.strip("/").split("/")
    if not parts[0]:
        return ""
    if parts[0].partition(".")[0] == rule_rows.NAME:
        return rule_rows.typed_at(pointer, typed)
    if parts[0] == "escalation" and len(parts) > 1:
        member = {"after_minutes": "after", "recipients": "role"}.get(
            "".join(parts[2:3]), "severity"
        )
        return f"/step{parts[1]}.{member}"
    if parts[0] == "template" and len(parts) > 1:
        return f"/{parts[1]}"
    name = "roles" if parts[0] == "recipients" else parts[0]
    return f"/{name}" if name in there else ""
