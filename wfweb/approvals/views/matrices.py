"""Approval matrices: the list, one in words with its versions, and trying it."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from wfweb import conditions
from wfweb.approvals.matrices import EDIT
from wfweb.approvals.matrix import MatrixResult
from wfweb.approvals.matrix_forms import approvers_in_words
from wfweb.approvals.matrix_reading import (
    MatrixPage,
    matrices,
    matrix_page,
    tried_fields,
    try_matrix,
)
from wfweb.approvals.matrix_report import Finding, check_data
from wfweb.approvals.presentation import quorum_text
from wfweb.approvals.views import bp
from wfweb.identity.access import current_user, requires, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, NotFound, ValidationFailed
from wfweb.kernel.web import page, whole_number
from wfweb.records.queries import record_by_key


@bp.get("/matrices")
@requires(EDIT)
def list_matrices() -> ResponseReturnValue:
    """Show the company's matrices."""
    with transaction():
        return page("matrices/index.html", matrices=matrices())


@bp.get("/matrices/<code>")
@signed_in
def matrix(code: str) -> ResponseReturnValue:
    """Show a matrix in words; everybody may read the rules they work under."""
    with transaction():
        found = matrix_page(code, _number())
        if found.shown is not None and found.shown.status == "draft" and not may_edit():
            raise NotFound
        return page("matrices/show.html", **shown_context(found), **_tried(found))


def may_edit() -> bool:
    """Tell whether the person may change matrices."""
    return current_user().may(EDIT)


def _number() -> int | None:
    text = request.args.get("version", "")
    number = whole_number(text)
    if text and number is None:
        raise NotFound
    return number


def shown_context(found: MatrixPage) -> dict[str, Any]:
    """Return what a matrix's page is drawn from."""
    body = found.shown.body if found.shown else {}
    return {
        "m": found,
        "body": body,
        "rows": [_row_in_words(row, found) for row in body.get("rows", ())],
        "findings": findings(found, body),
        "may_edit": may_edit(),
        "fields": tried_fields(found, body) if body else [],
    }


def findings(found: MatrixPage, body: dict[str, Any]) -> list[Finding]:
    """Return gaps, overlaps and faults; nothing for a matrix about no known record type."""
    if found.record_type is None or not body:
        return []
    return check_data(body, found.fields)


def _row_in_words(row: dict[str, Any], found: MatrixPage) -> dict[str, Any]:
    when = row.get("when") or {}
    try:
        words = conditions.describe(when, found.fields) if when else "Always"
    except ValueError as error:
        words = f"Cannot be read: {error}"
    return {
        "name": row.get("name") or "",
        "when": words,
        "auto": bool(row.get("auto_approve")),
        "levels": [_level_in_words(level) for level in row.get("levels") or ()],
    }


def _level_in_words(level: dict[str, Any]) -> dict[str, Any]:
    many = quorum_text(
        level.get("quorum") or "any", 9, level.get("min_approvers"), level.get("ordering") or ""
    )
    how = many.replace(" of 9", "")
    return {
        "name": level.get("name") or "",
        "who": approvers_in_words(level),
        "how": f"{how} of them",
        "due": level.get("due_hours"),
    }


def _tried(found: MatrixPage) -> dict[str, Any]:
    """Return the answer to "try it", when values were given."""
    typed = {
        name.removeprefix("try."): v for name, v in request.args.items() if name.startswith("try.")
    }
    key = request.args.get("record", "").strip().upper()[:40]
    empty: dict[str, Any] = {"typed": typed, "tried": None, "record_key": key, "errors": []}
    if found.shown is None or not (key or any(value.strip() for value in typed.values())):
        return empty
    try:
        return {**empty, "tried": _answer(found, typed, key)}
    except ValidationFailed as refusal:
        return {**empty, "errors": refusal.errors}


def _answer(found: MatrixPage, typed: dict[str, str], key: str) -> MatrixResult:
    record: dict[str, Any] = {}
    if key:
        try:
            record = dict(record_by_key(key).data)
        except NotFound:
            raise ValidationFailed(
                [FieldError("/record", "Enter the key of a record that you can see", "reference")]
            ) from None
    assert found.shown is not None  # noqa: S101 - the caller looked
    return try_matrix(found, found.shown.body, typed, record)
