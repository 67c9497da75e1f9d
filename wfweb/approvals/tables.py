"""Approval matrices as kept: drafts, published versions that never change, what applies when.

A published version is the rule from its ``effective_from`` until a later one or its own end.
Requests pin the version that answered them, so publishing changes nothing that is under way.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select

from wfweb import conditions
from wfweb.approvals import matrix_checks
from wfweb.approvals.events import MatrixChanged
from wfweb.approvals.matrix import (
    LevelSpec,
    Matrix,
    MatrixResult,
    MatrixStatus,
    choose,
    record_fields,
)
from wfweb.approvals.models import ApprovalMatrix, ApprovalMatrixVersion
from wfweb.events import emit
from wfweb.identity.policy import require
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, FieldError, NotFound, ValidationFailed
from wfweb.records.types import fields_for_conditions, find_type
from wfweb.workflow.schemas import Level

EDIT = "matrices.edit"
MAX_ROWS = 500
_CODE = re.compile(r"[a-z][a-z0-9_]{1,49}")
_CACHE_SIZE = 128
# Published versions never change, so nothing here ever has to be forgotten.
_cache: OrderedDict[UUID, tuple[Matrix, dict[str, Any]]] = OrderedDict()

refuse_as(
    "uq_approval_matrices_code",
    lambda: ValidationFailed.at("/code", "There is a matrix with this code", "taken"),
)
refuse_as(
    "uq_approval_matrix_versions_draft",
    lambda: Conflict("Somebody else began a draft of this matrix. Reload it"),
)


@dataclass(slots=True)
class Answer:
    """What a matrix says about one record."""

    levels: list[dict[str, Any]] = field(default_factory=list)
    automatic: dict[str, Any] | None = None
    problem: str | None = None
    explanation: dict[str, Any] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)


def find_matrix(code: str) -> ApprovalMatrix:
    """Return a matrix of the current company.

    :raises NotFound: when there is none of this code.
    """
    found = session().scalar(
        select(ApprovalMatrix).where(
            ApprovalMatrix.company_id == current_actor().company_id, ApprovalMatrix.code == code
        )
    )
    if found is None:
        raise NotFound(f"There is no approval matrix “{code[:60]}”")
    return found


def live_codes() -> frozenset[str]:
    """Return the codes of the matrices that definitions may name."""
    query = select(ApprovalMatrix.code).where(
        ApprovalMatrix.company_id == current_actor().company_id, ApprovalMatrix.retired_at.is_(None)
    )
    return frozenset(session().scalars(query))


def effective(code: str, at: datetime) -> tuple[ApprovalMatrix, ApprovalMatrixVersion] | None:
    """Return the version of a matrix that is the rule at an instant, or nothing."""
    query = (
        select(ApprovalMatrix, ApprovalMatrixVersion)
        .join(ApprovalMatrixVersion, ApprovalMatrixVersion.matrix_id == ApprovalMatrix.id)
        .where(
            ApprovalMatrix.company_id == current_actor().company_id,
            ApprovalMatrix.code == code,
            ApprovalMatrix.retired_at.is_(None),
            ApprovalMatrixVersion.status == "published",
            ApprovalMatrixVersion.effective_from <= at,
        )
        .order_by(ApprovalMatrixVersion.effective_from.desc(), ApprovalMatrixVersion.number.desc())
        .limit(1)
    )
    row = session().execute(query).one_or_none()
    if row is None or (row[1].effective_to is not None and row[1].effective_to <= at):
        return None
    return row[0], row[1]


def ask(code: str, facts: Mapping[str, Any]) -> Answer:
    """Return what the matrix in force says, with the explanation that is pinned (APP-10).

    A matrix that is missing, not in force or has no row answers with a problem: that makes
    the request visible as at risk and never approves it (I-19).
    """
    found = effective(code, clock.now())
    if found is None:
        sentence = f"The approval matrix {code} has no version in force"
        return Answer(
            problem=sentence, explanation={"kind": "matrix", "matrix": code, "sentence": sentence}
        )
    kept, version = found
    matrix, body = _parsed(version)
    labels = conditions.FieldTypes(_fields(kept.record_type_code))
    result = choose(matrix, facts, on=clock.today(), fields=labels)
    return _answer(kept, version, body, result)


def _parsed(version: ApprovalMatrixVersion) -> tuple[Matrix, dict[str, Any]]:
    if version.status != "published":
        return Matrix.from_data(version.body), version.body
    known = _cache.get(version.id)
    if known is None:
        known = _cache[version.id] = (Matrix.from_data(version.body), version.body)
        if len(_cache) > _CACHE_SIZE:
            _cache.popitem(last=False)
    return known


def _answer(
    kept: ApprovalMatrix,
    version: ApprovalMatrixVersion,
    body: Mapping[str, Any],
    result: MatrixResult,
) -> Answer:
    label = f"{kept.name} version {version.number}"
    answer = Answer(reads=reads_of(body))
    answer.explanation = {
        "kind": "matrix",
        "matrix": kept.code,
        "version": version.number,
        "version_id": str(version.id),
        "source": label,
        "sentence": f"{label}: {result.explanation['text']}",
        **result.explanation,
    }
    if result.status is MatrixStatus.AUTO_APPROVED:
        names = " and ".join(row.name for row in result.rows)
        answer.automatic = {
            "rule": names,
            "source": label,
            "version_id": str(version.id),
            "why": result.explanation["rows"],
        }
    elif result.status is MatrixStatus.LEVELS:
        answer.levels = _raw_levels(body, result)
    else:
        answer.problem = f"{label}: {result.explanation['text']}"
    return answer


def _raw_levels(body: Mapping[str, Any], result: MatrixResult) -> list[dict[str, Any]]:
    """Return the chosen levels as they are written: with reminders, time-outs and the like."""
    ids = {row.id for row in result.rows}
    written = [
        level
        for number, row in enumerate(body["rows"], start=1)
        if str(row.get("id") or number) in ids
        for level in row.get("levels", ())
    ]
    by_spec = [(LevelSpec.from_data(level), level) for level in written]
    return [dict(next(raw for spec, raw in by_spec if spec == level)) for level in result.levels]


def reads_of(body: Mapping[str, Any]) -> set[str]:
    """Return the record's fields that the conditions of a matrix read."""
    return {name for row in body["rows"] for name in record_fields(row.get("when") or {})}


def _fields(record_type_code: str | None) -> dict[str, conditions.FieldType]:
    record_type = find_type(record_type_code) if record_type_code else None
    return fields_for_conditions(record_type) if record_type else {}


def save_matrix(
    code: str,
    body: Mapping[str, Any],
    *,
    name: str | None = None,
    description: str | None = None,
    record_type_code: str | None = None,
    expected_version: int | None = None,
) -> ApprovalMatrixVersion:
    """Create a matrix or its next draft, or change the draft there is.

    :param body: ``{"hit_policy", "rows": [{"name", "when", "levels", "auto_approve"}]}``.
    :param expected_version: the draft's version that was edited.
    :raises ValidationFailed: naming every wrong place.
    :raises Conflict: when the draft has another version by now.
    :raises Forbidden: without ``matrices.edit``.
    """
    require(EDIT)
    kept = session().scalar(
        select(ApprovalMatrix).where(
            ApprovalMatrix.company_id == current_actor().company_id, ApprovalMatrix.code == code
        )
    )
    clean = checked(body, record_type_code or (kept.record_type_code if kept else None))
    if kept is None:
        if not _CODE.fullmatch(code):
            message = "Use 2 to 50 small letters, digits and _, a letter first"
            raise ValidationFailed.at("/code", message, "code")
        kept = ApprovalMatrix(code=code, name=name or code.replace("_", " ").capitalize())
        session().add(kept)
    kept.name, kept.description = name or kept.name, description or kept.description or ""
    kept.record_type_code = record_type_code or kept.record_type_code
    session().flush()
    draft = _draft(kept, expected_version)
    before, draft.body = draft.body, clean
    session().flush()
    _tell(kept, draft, "drafted", before=before)
    return draft


def _draft(kept: ApprovalMatrix, expected: int | None) -> ApprovalMatrixVersion:
    draft = session().scalar(
        select(ApprovalMatrixVersion)
        .where(ApprovalMatrixVersion.matrix_id == kept.id, ApprovalMatrixVersion.status == "draft")
        .with_for_update()
    )
    if draft is not None:
        if expected is not None and expected != draft.version:
            raise Conflict(current_version=draft.version, your_version=expected)
        draft.version += 1
        return draft
    number = session().scalar(
        select(func.coalesce(func.max(ApprovalMatrixVersion.number), 0) + 1).where(
            ApprovalMatrixVersion.matrix_id == kept.id
        )
    )
    draft = ApprovalMatrixVersion(matrix_id=kept.id, number=number, body={})
    session().add(draft)
    return draft


def publish_matrix(
    code: str,
    *,
    effective_from: datetime | None = None,
    effective_to: datetime | None = None,
    expected_version: int | None = None,
) -> ApprovalMatrixVersion:
    """Make the draft the rule from an instant on (now when left out); it never changes again.

    :raises NotFound: without a draft.
    :raises ValidationFailed: for times in the wrong order or a draft with faults.
    :raises Conflict: when the draft has another version by now.
    :raises Forbidden: without ``matrices.edit``.
    """
    require(EDIT)
    kept = find_matrix(code)
    draft = session().scalar(
        select(ApprovalMatrixVersion)
        .where(ApprovalMatrixVersion.matrix_id == kept.id, ApprovalMatrixVersion.status == "draft")
        .with_for_update()
    )
    if draft is None:
        raise NotFound(f"There is no draft of the matrix “{kept.name}”")
    if expected_version is not None and expected_version != draft.version:
        raise Conflict(current_version=draft.version, your_version=expected_version)
    start = effective_from or clock.now()
    if effective_to is not None and effective_to <= start:
        raise ValidationFailed.at("/effective_to", "The end comes after the start", "order")
    checked(draft.body, kept.record_type_code)
    if kept.record_type_code:
        matrix_checks.refuse_faults(draft.body, _fields(kept.record_type_code))
    draft.status, draft.published_at = "published", clock.now()
    draft.effective_from, draft.effective_to = start, effective_to
    draft.published_by_id = current_actor().id
    draft.version += 1
    kept.retired_at = None
    session().flush()
    _tell(kept, draft, "published")
    return draft


def retire_matrix(code: str) -> None:
    """Let a matrix answer nothing any more; open requests keep what they were told.

    :raises Forbidden: without ``matrices.edit``.
    """
    require(EDIT)
    kept = find_matrix(code)
    kept.retired_at = clock.now()
    kept.version += 1
    session().flush()
    emit(
        MatrixChanged(
            target_type="approval_matrix",
            target_id=kept.id,
            target_label=kept.name,
            after={"retired": True},
            risk="HIGH",
        )
    )


def _tell(
    kept: ApprovalMatrix,
    version: ApprovalMatrixVersion,
    what: str,
    before: Mapping[str, Any] | None = None,
) -> None:
    emit(
        MatrixChanged(
            target_type="approval_matrix",
            target_id=kept.id,
            target_label=f"{kept.name} version {version.number}",
            before=before or None,
            after=version.body,
            details={"what": what, "code": kept.code, "number": version.number},
            risk="HIGH" if what == "published" else None,
        )
    )


def checked(body: Mapping[str, Any], record_type_code: str | None) -> dict[str, Any]:
    """Return the body as stored, or refuse it naming every wrong place.

    :raises ValidationFailed: e.g. ``/rows/2/when``: there is no field ``amuont``.
    """
    rows = body.get("rows")
    if not isinstance(rows, list) or not rows or len(rows) > MAX_ROWS:
        raise ValidationFailed.at("/rows", f"A matrix has 1 to {MAX_ROWS} rows", "rows")
    known = conditions.FieldTypes(_fields(record_type_code)) if record_type_code else None
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
        problems = conditions.validate(row.get("when") or {}, known)
        errors += [
            FieldError(f"{place}/when", f"{p.path}: {p.message}", "condition") for p in problems
        ]
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
