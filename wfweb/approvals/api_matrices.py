"""Approval matrices: drafts, reports, versions, publication, answers."""

from datetime import datetime

from sqlalchemy import select

from wfweb import conditions
from wfweb.approvals import matrices, matrix_answers
from wfweb.approvals.matrix_checks import checked
from wfweb.approvals.matrix_report import ERROR, check_data
from wfweb.approvals.models import ApprovalMatrix, ApprovalMatrixVersion
from wfweb.approvals.schemas_matrices import (
    FindingOut,
    MatrixAnswerOut,
    MatrixAskIn,
    MatrixCheckIn,
    MatrixDraftIn,
    MatrixOut,
    MatrixPage,
    MatrixPublishIn,
    MatrixVersionOut,
    MatrixVersionPage,
    NumberQuery,
    ReportOut,
)
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.api import ApiBlueprint, PageQuery, endpoint, page_of, under
from wfweb.kernel.db import session
from wfweb.kernel.errors import Forbidden, NotFound, ValidationFailed
from wfweb.records.api_conditions import fields_of, requester_facts, subject_of
from wfweb.records.types import find_type, get_type

VIEW = "workflows.view"
bp = ApiBlueprint(
    "matrices",
    __name__,
    title="Approval matrices",
    about="Tables that say who approves what.",
)


@endpoint(
    bp,
    "GET",
    "/matrices",
    response=MatrixPage,
    query=PageQuery,
    permission=VIEW,
    summary="List matrices",
)
def list_matrices(query: PageQuery) -> MatrixPage:
    """Return the matrices of the company by code."""
    statement = select(ApprovalMatrix).where(
        ApprovalMatrix.company_id == current_actor().company_id
    )
    return page_of(MatrixPage, statement, [ApprovalMatrix.code], query)


@endpoint(
    bp, "GET", "/matrices/<code>", response=MatrixOut, permission=VIEW, summary="Get a matrix"
)
def get_matrix(code: str) -> MatrixOut:
    """Return one matrix."""
    return MatrixOut.model_validate(matrices.find_matrix(code))


@endpoint(
    bp,
    "PUT",
    "/matrices/<code>/draft",
    request=MatrixDraftIn,
    response=MatrixVersionOut,
    versioned="optional",
    scope="admin",
    permission=matrices.EDIT,
    summary="Write the draft of a matrix",
    description="Makes the matrix when its code is new.",
)
def save_matrix_draft(code: str, body: MatrixDraftIn, version: int | None) -> MatrixVersionOut:
    """Save a draft."""
    if body.record_type is not None and find_type(body.record_type) is None:
        raise ValidationFailed.at("/record_type", "There is no such record type", "unknown")
    rows = body.body.plain()
    with under("/body"):
        checked(rows, body.record_type)
    draft = matrices.save_matrix(
        code,
        rows,
        name=body.name,
        description=body.description,
        record_type_code=body.record_type,
        expected_version=version,
    )
    return MatrixVersionOut.model_validate(draft)


@endpoint(
    bp,
    "POST",
    "/matrices/validate",
    request=MatrixCheckIn,
    response=ReportOut,
    scope="read",
    permission=VIEW,
    errors=[NotFound],
    summary="Check a matrix without saving it",
)
def validate_matrix(body: MatrixCheckIn) -> ReportOut:
    """Return gaps, overlaps and faults of a matrix."""
    return _report(body.body.plain(), fields_of(get_type(body.record_type)))


def _report(data: dict[str, object], fields: conditions.FieldTypes) -> ReportOut:
    found = check_data(data, fields)
    return ReportOut(
        valid=not any(one.severity == ERROR for one in found),
        findings=[FindingOut.model_validate(one) for one in found],
    )


@endpoint(
    bp,
    "GET",
    "/matrices/<code>/report",
    response=ReportOut,
    query=NumberQuery,
    permission=VIEW,
    summary="Report gaps and overlaps of a version",
)
def report_matrix(code: str, query: NumberQuery) -> ReportOut:
    """Return what is to know about a version."""
    kept = matrices.find_matrix(code)
    record_type = find_type(kept.record_type_code) if kept.record_type_code else None
    fields = fields_of(record_type) if record_type else conditions.FieldTypes({})
    return _report(_version(kept, query.number).body, fields)


def _version(kept: ApprovalMatrix, number: int | None) -> ApprovalMatrixVersion:
    statement = select(ApprovalMatrixVersion).where(ApprovalMatrixVersion.matrix_id == kept.id)
    if number is not None:
        statement = statement.where(ApprovalMatrixVersion.number == number)
    found = session().scalar(statement.order_by(ApprovalMatrixVersion.number.desc()).limit(1))
    if found is None:
        raise NotFound
    return found


@endpoint(
    bp,
    "GET",
    "/matrices/<code>/versions",
    response=MatrixVersionPage,
    query=PageQuery,
    permission=VIEW,
    summary="List the versions of a matrix",
)
def list_matrix_versions(code: str, query: PageQuery) -> MatrixVersionPage:
    """Return versions with their rows, latest first."""
    statement = select(ApprovalMatrixVersion).where(
        ApprovalMatrixVersion.matrix_id == matrices.find_matrix(code).id
    )
    return page_of(
        MatrixVersionPage, statement, [ApprovalMatrixVersion.number], query, falling=True
    )


@endpoint(
    bp,
    "POST",
    "/matrices/<code>/publish",
    request=MatrixPublishIn,
    response=MatrixVersionOut,
    versioned="optional",
    scope="admin",
    permission=matrices.EDIT,
    summary="Publish the draft of a matrix",
    description="Open requests keep the version that answered them.",
)
def publish_matrix(code: str, body: MatrixPublishIn, version: int | None) -> MatrixVersionOut:
    """Make the draft the rule."""
    made = matrices.publish_matrix(
        code,
        effective_from=_instant("/effective_from", body.effective_from),
        effective_to=_instant("/effective_to", body.effective_to),
        expected_version=version,
    )
    return MatrixVersionOut.model_validate(made)


def _instant(place: str, moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise ValidationFailed.at(place, "Write the time zone: 2026-12-01T00:00:00Z", "time_zone")
    return moment


@endpoint(
    bp,
    "POST",
    "/matrices/<code>/retire",
    response=MatrixOut,
    scope="admin",
    permission=matrices.EDIT,
    summary="Let a matrix answer nothing any more",
)
def retire_matrix(code: str) -> MatrixOut:
    """Retire a matrix."""
    matrices.retire_matrix(code)
    return MatrixOut.model_validate(matrices.find_matrix(code))


@endpoint(
    bp,
    "POST",
    "/matrices/<code>/evaluate",
    request=MatrixAskIn,
    response=MatrixAnswerOut,
    scope="read",
    permission=VIEW,
    errors=[Forbidden],
    summary="Ask the matrix in force about a record",
    description="`requester` is the token's owner. Nothing is changed.",
)
def evaluate_matrix(code: str, body: MatrixAskIn) -> MatrixAnswerOut:
    """Return who would be asked, and why."""
    matrices.find_matrix(code)
    _record_type, facts = subject_of(body)
    context = conditions.make_context(facts, now=clock.now(), requester=requester_facts())
    answer = matrix_answers.ask(code, context)
    return MatrixAnswerOut(
        auto_approved=answer.automatic is not None,
        levels=answer.levels,
        problem=answer.problem,
        explanation=answer.explanation,
    )
