"""Changing matrices: a draft as form or as JSON, publishing it, retiring the matrix."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.approvals import matrix_forms, service
from wfweb.approvals.matrices import EDIT
from wfweb.approvals.matrix_forms import Form
from wfweb.approvals.matrix_reading import MatrixPage, field_types, matrix_page
from wfweb.approvals.views import bp
from wfweb.approvals.views.matrices import shown_context
from wfweb.conditions import FieldTypes
from wfweb.conditions.builder import builder
from wfweb.conditions.rows import focus_after
from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed
from wfweb.kernel.formats import zone
from wfweb.kernel.jsontext import pretty
from wfweb.kernel.web import page, respond, whole_number
from wfweb.records.models import RecordType
from wfweb.records.queries import record_types
from wfweb.records.types import find_type

UNPROCESSABLE: Final = 422


@bp.get("/matrices/new")
@requires(EDIT)
def new_matrix() -> ResponseReturnValue:
    """Show the form of a new matrix."""
    with transaction():
        head = {"code": "", "name": "", "description": "", "record_type_code": ""}
        return _form(None, head, matrix_forms.form_of({}, field_types(None)))


@bp.get("/matrices/<code>/edit")
@requires(EDIT)
def edit_matrix(code: str) -> ResponseReturnValue:
    """Show the draft as a form, or as JSON; without a draft, a copy of what is in force."""
    with transaction():
        found = matrix_page(code)
        start = found.draft or found.shown
        body = start.body if start else {}
        form = matrix_forms.form_of(body, found.fields)
        return _form(found, _head_of(found), form, text=pretty(body))


def _head_of(found: MatrixPage) -> dict[str, str]:
    kept = found.matrix
    return {
        "code": kept.code,
        "name": kept.name,
        "description": kept.description,
        "record_type_code": kept.record_type_code or "",
    }


def _form(
    found: MatrixPage | None,
    head: dict[str, str],
    form: Form,
    *,
    text: str | None = None,
    errors: Sequence[FieldError] = (),
    status: int = 200,
) -> Response:
    fields = field_types(_kind_of(head))
    shown = [replace(e, pointer=matrix_forms.typed_at(form, e.pointer)) for e in errors]
    draft = found.draft if found else None
    values = request.args if request.method == "GET" else request.form
    types = record_types()
    return page(
        "matrices/edit.html",
        status=status,
        m=found,
        head=head,
        form={**form, "rows": _drawn(form, fields)},
        text=text if text is not None else "",
        as_json=values.get("as") == "json",
        version=draft.version if draft else "",
        errors=shown,
        wrong={e.pointer: e.message for e in reversed(shown)},
        wrong_tests={e.pointer.strip("/").replace("/", "."): e.message for e in reversed(shown)},
        types=[(one.code, one.name) for one in types],
        quorums=matrix_forms.QUORUMS,
    )


def _kind_of(head: dict[str, str]) -> RecordType | None:
    return find_type(head["record_type_code"]) if head["record_type_code"] else None


def _drawn(form: Form, fields: FieldTypes) -> list[Form]:
    """Return the rows of the form with what the tests of each are drawn from."""
    act, drawn = request.form.get("_act", ""), []
    for number, row in enumerate(form["rows"]):
        name, when = f"rows.{number}.when", row["when"]
        tests = builder(name, when, fields, focus=focus_after(when, act, name))
        drawn.append({**row, "tests": tests})
    return drawn


@bp.post("/matrices/new")
@requires(EDIT)
def create_matrix() -> ResponseReturnValue:
    """Create a matrix with its first draft."""
    return _save(None)


@bp.post("/matrices/<code>/edit")
@requires(EDIT)
def save_matrix(code: str) -> ResponseReturnValue:
    """Save the draft, or show the form again with what is wrong."""
    return _save(code)


def _save(code: str | None) -> ResponseReturnValue:
    head = {
        name: request.form.get(name, "").strip()
        for name in ("code", "name", "description", "record_type_code")
    }
    head["code"] = code or head["code"]
    form = matrix_forms.read_form(request.form)
    text = request.form.get("body", "")
    if matrix_forms.apply_act(form, request.form.get("_act", "")):
        return _again(code, head, form, text)
    try:
        with transaction():
            service.save_matrix(
                _code(head["code"]),
                _body(head, form, text),
                name=head["name"] or None,
                description=head["description"],
                record_type_code=head["record_type_code"] or None,
                expected_version=_version(),
            )
    except ValidationFailed as refusal:
        return _again(code, head, form, text, refusal.errors, UNPROCESSABLE)
    except Conflict as refusal:
        wrong = [FieldError("", f"Not saved: {refusal.detail}. What you typed is still here")]
        return _again(code, head, form, text, wrong, refusal.status)
    flash("The draft is saved. It is not in force until you publish it.", "ok")
    return respond(_draft_url(head["code"]))


def _draft_url(code: str) -> str:
    with transaction():
        draft = matrix_page(code).draft
        return url_for("approvals.matrix", code=code, version=draft.number if draft else None)


def _code(text: str) -> str:
    plain = text.isascii() and text.replace("_", "").isalnum() and text == text.lower()
    if not (plain and text[:1].isalpha() and 1 < len(text) <= 50):  # noqa: PLR2004 - the column's rule
        words = "Use small letters, digits and _, beginning with a letter"
        raise ValidationFailed.at("/code", words, "code")
    return text


def _body(head: dict[str, str], form: Form, text: str) -> dict[str, Any]:
    if request.form.get("as") == "json":
        return matrix_forms.read_json(text)
    return matrix_forms.to_body(form, field_types(_kind_of(head)))


def _version() -> int | None:
    return whole_number(request.form.get("version"))


def _again(
    code: str | None,
    head: dict[str, str],
    form: Form,
    text: str,
    errors: Sequence[FieldError] = (),
    status: int = 200,
) -> Response:
    with transaction():
        found = matrix_page(code) if code else None
        return _form(found, head, form, text=text, errors=errors, status=status)


@bp.post("/matrices/<code>/publish")
@requires(EDIT)
def publish_matrix(code: str) -> ResponseReturnValue:
    """Put the draft in force, now or from a moment on."""
    text = request.form.get("effective_from", "").strip()
    try:
        moment = _moment(text)
        with transaction():
            version = service.publish_matrix(
                code, effective_from=moment, expected_version=_version()
            )
            said = f"Version {version.number} is published."
    except ValidationFailed as refusal:
        return _show_again(code, refusal.errors, refusal.status)
    except Conflict as refusal:
        return _show_again(code, [FieldError("", refusal.detail)], refusal.status)
    flash(said, "ok")
    return respond(url_for("approvals.matrix", code=code))


def _moment(text: str) -> datetime | None:
    """Return a moment typed in the person's own zone; nothing means now."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = "Choose a day and a time"
        raise ValidationFailed.at("/effective_from", message, "moment") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone())


def _show_again(code: str, errors: Sequence[FieldError], status: int) -> Response:
    with transaction():
        found = matrix_page(code)
        draft = found.draft
        if draft is None:
            raise NotFound
        found.shown = draft
        # Faults of rows are told here, but there are no fields for them on this page.
        told = [e if e.pointer == "/effective_from" else replace(e, pointer="") for e in errors]
        return page(
            "matrices/show.html",
            status=status,
            publish_errors=told,
            typed={},
            tried=None,
            record_key="",
            errors=[],
            **shown_context(found),
        )


@bp.post("/matrices/<code>/retire")
@requires(EDIT)
def retire_matrix(code: str) -> ResponseReturnValue:
    """Let a matrix answer nothing any more; publishing a version brings it back."""
    with transaction():
        service.retire_matrix(code)
    flash("The matrix is retired. Open requests keep the rule they were asked by.", "ok")
    return respond(url_for("approvals.matrix", code=code))
