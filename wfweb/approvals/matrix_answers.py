"""What the matrix in force says about a record, with the explanation that is pinned.

A published version is the rule from its ``effective_from`` until a later one or its own end.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb import conditions
from wfweb.approvals.matrix import (
    LevelSpec,
    Matrix,
    MatrixResult,
    MatrixStatus,
    choose,
    record_fields,
)
from wfweb.approvals.matrix_checks import fields_of
from wfweb.approvals.models import ApprovalMatrix, ApprovalMatrixVersion
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

_CACHE_SIZE = 128
# Published versions never change, so nothing here ever has to be forgotten.
_cache: OrderedDict[UUID, tuple[Matrix, dict[str, Any]]] = OrderedDict()


@dataclass(slots=True)
class Answer:
    """What a matrix says about one record."""

    levels: list[dict[str, Any]] = field(default_factory=list)
    automatic: dict[str, Any] | None = None
    problem: str | None = None
    explanation: dict[str, Any] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)


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
    labels = conditions.FieldTypes(fields_of(kept.record_type_code))
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
