"""Reads of approval matrices for their pages: the list, one with its versions, trying it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select

from wfweb import conditions
from wfweb.approvals.matrices import find_matrix
from wfweb.approvals.matrix import Matrix, MatrixResult, choose
from wfweb.approvals.matrix_answers import reads_of
from wfweb.approvals.models import ApprovalMatrix, ApprovalMatrixVersion
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound, ValidationFailed
from wfweb.records.models import RecordType
from wfweb.records.types import fields_for_conditions, find_type


@dataclass(slots=True)
class MatrixPage:
    """A matrix with its versions, newest first, and the one that is shown."""

    matrix: ApprovalMatrix
    versions: Sequence[ApprovalMatrixVersion]
    shown: ApprovalMatrixVersion | None
    record_type: RecordType | None
    fields: conditions.FieldTypes

    @property
    def draft(self) -> ApprovalMatrixVersion | None:
        """The draft, where somebody began one."""
        return next((one for one in self.versions if one.status == "draft"), None)

    @property
    def current(self) -> ApprovalMatrixVersion | None:
        """The version that is the rule now."""
        if self.matrix.retired_at is not None:
            return None
        now = clock.now()
        started = [v for v in self.versions if v.effective_from and v.effective_from <= now]
        latest = max(started, key=lambda v: (v.effective_from, v.number), default=None)
        if latest is None or (latest.effective_to is not None and latest.effective_to <= now):
            return None
        return latest

    def state_of(self, version: ApprovalMatrixVersion) -> tuple[str, str]:
        """Return how a version stands: a word and the kind of its tag."""
        if version.status == "draft":
            return "Draft", "warn"
        if self.current is version:
            return "In force", "ok"
        if version.effective_from and version.effective_from > clock.now():
            return "From later on", "info"
        return "Before", "line"


def matrices() -> list[MatrixPage]:
    """Return the company's matrices by name, each with its versions."""
    kept = session().scalars(
        select(ApprovalMatrix)
        .where(ApprovalMatrix.company_id == current_actor().company_id)
        .order_by(ApprovalMatrix.name, ApprovalMatrix.code)
    )
    found = {one.id: one for one in kept}
    versions: dict[Any, list[ApprovalMatrixVersion]] = {}
    for version in session().scalars(
        select(ApprovalMatrixVersion)
        .where(ApprovalMatrixVersion.matrix_id.in_(list(found)))
        .order_by(ApprovalMatrixVersion.number.desc())
    ):
        versions.setdefault(version.matrix_id, []).append(version)
    nothing = conditions.FieldTypes({})
    return [
        MatrixPage(one, versions.get(one.id, []), None, None, nothing) for one in found.values()
    ]


def matrix_page(code: str, number: int | None = None) -> MatrixPage:
    """Return a matrix, showing a version: the one asked for, else the draft or the newest.

    :raises NotFound: when there is no such matrix or version.
    """
    matrix = find_matrix(code)
    versions = (
        session()
        .scalars(
            select(ApprovalMatrixVersion)
            .where(ApprovalMatrixVersion.matrix_id == matrix.id)
            .order_by(ApprovalMatrixVersion.number.desc())
        )
        .all()
    )
    kind = find_type(matrix.record_type_code) if matrix.record_type_code else None
    found = MatrixPage(matrix, versions, None, kind, field_types(kind))
    if number is None:
        found.shown = found.current or (versions[0] if versions else None)
    else:
        found.shown = next((one for one in versions if one.number == number), None)
        if found.shown is None:
            raise NotFound
    return found


def field_types(kind: RecordType | None) -> conditions.FieldTypes:
    """Return the fields that conditions about a record type may read."""
    return conditions.FieldTypes(fields_for_conditions(kind) if kind else {})


def tried_fields(found: MatrixPage, body: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the simple fields that a matrix reads: code, label, kind."""
    names = []
    for code in sorted(reads_of(body)):
        kind = found.fields.get(code)
        if kind is not None and kind.kind != "lines":
            names.append((code, kind.label or code, kind.kind))
    return names


def try_matrix(
    found: MatrixPage, body: Mapping[str, Any], typed: Mapping[str, str], record: Mapping[str, Any]
) -> MatrixResult:
    """Return what a matrix says about made-up values, laid over a record's own.

    :raises ValidationFailed: for a number that is none, or a matrix that cannot be read.
    """
    values = {**record}
    for code, _label, kind in tried_fields(found, body):
        text = typed.get(code, "").strip()
        if text:
            values[code] = _typed_value(text, kind, code, record.get(code))
    facts = conditions.make_context(values, now=clock.now())
    try:
        matrix = Matrix.from_data(body)
    except ValueError as error:
        raise ValidationFailed.at("/body", f"The matrix cannot be read: {error}") from None
    return choose(matrix, facts, on=clock.today(), fields=found.fields)


def _typed_value(text: str, kind: str, code: str, before: Any) -> Any:
    if kind == "boolean":
        return text.lower() in {"true", "yes", "1"}
    if kind not in {"money", "number", "integer"}:
        return text
    plain = text.replace(" ", "").replace(",", "")
    try:
        number = Decimal(plain) if len(plain) <= 40 else None  # noqa: PLR2004 - digits of an amount
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise ValidationFailed.at(f"/{code}", "Write a number such as 7300.00", "number")
    if kind == "money" and isinstance(before, Mapping):
        return {"amount": str(number), "currency": before.get("currency")}
    return number
