"""What a matrix has to be like: to be kept as a draft, and to be put in force."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from wfweb import conditions
from wfweb.approvals.matrix import Matrix
from wfweb.approvals.matrix_report import ERROR, Finding, check_data
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.records.types import fields_for_conditions, find_type
from wfweb.workflow.schemas import Level

MAX_ROWS = 500


def fields_of(record_type_code: str | None) -> dict[str, conditions.FieldType]:
    """Return the fields that conditions about a record type may read; none without a type."""
    record_type = find_type(record_type_code) if record_type_code else None
    return fields_for_conditions(record_type) if record_type else {}


def checked(body: Mapping[str, Any], record_type_code: str | None) -> dict[str, Any]:
    """Return the body as stored, or refuse it naming every wrong place.

    :raises ValidationFailed: e.g. ``/rows/2/when``: there is no field ``amuont``.
    """
    rows = body.get("rows")
    if not isinstance(rows, list) or not rows or len(rows) > MAX_ROWS:
        raise ValidationFailed.at("/rows", f"A matrix has 1 to {MAX_ROWS} rows", "rows")
    known = conditions.FieldTypes(fields_of(record_type_code)) if record_type_code else None
    errors: list[FieldError] = []
    for number, row in enumerate(rows):
        errors += _row_errors(row, f"/rows/{number}", known)
    if errors:
        raise ValidationFailed(errors)
    try:
        return {"hit_policy": "first", **body, **_policy(body)}
    except ValueError as error:
        raise ValidationFailed.at("/hit_policy", str(error), "hit_policy") from None


def _policy(body: Mapping[str, Any]) -> dict[str, Any]:
    data = Matrix.from_data(body).to_data()
    if data["hit_policy"] not in {"first", "collect"}:
        message = "Choose first or collect"
        raise ValueError(message)
    return {"hit_policy": data["hit_policy"]}


def _row_errors(row: Any, place: str, known: conditions.FieldTypes | None) -> list[FieldError]:
    if not isinstance(row, dict):
        return [FieldError(place, "A row is an object", "row")]
    errors: list[FieldError] = []
    if known is not None:
        for problem in conditions.validate(row.get("when") or {}, known):
            inside = "".join(f"/{part}" for part in re.findall(r"\w+", problem.path))
            errors.append(FieldError(f"{place}/when{inside}", problem.message, "condition"))
    else:
        try:
            conditions.compile(row.get("when") or {})
        except ValueError as error:
            errors.append(FieldError(f"{place}/when", str(error), "condition"))
    levels = row.get("levels") or []
    if not levels and row.get("auto_approve") is not True:
        message = "Name levels, or say that this row approves automatically"
        errors.append(FieldError(f"{place}/levels", message, "no_levels"))
    for number, level in enumerate(levels):
        errors += _level_errors(level, f"{place}/levels/{number}")
    return errors


def _level_errors(level: Any, place: str) -> list[FieldError]:
    try:
        checked_level = Level.model_validate(level)
    except ValidationError as error:
        return [
            FieldError(f"{place}/{'/'.join(map(str, e['loc']))}".rstrip("/"), e["msg"], "level")
            for e in error.errors(include_url=False, include_context=False)
        ]
    if not checked_level.approvers:
        return [FieldError(f"{place}/approvers", "Nobody is asked on this level", "no_approver")]
    return []


def refuse_faults(body: Mapping[str, Any], fields: Mapping[str, conditions.FieldType]) -> None:
    """Let through a matrix that can be put in force; gaps and overlaps are told, not refused.

    :raises ValidationFailed: naming each fault's place, e.g. ``/rows/2/levels``.
    """
    faults = [
        FieldError(_pointer(one), one.message, one.kind)
        for one in check_data(body, conditions.FieldTypes(fields))
        if one.severity == ERROR
    ]
    if faults:
        raise ValidationFailed(faults)


def _pointer(finding: Finding) -> str:
    return "/" + finding.path.replace("[", "/").replace("]", "").replace(".", "/").lstrip("/")
