"""Approval matrices in the database: drafts, publication, retirement.

Requests pin the version that answered them, so publishing changes nothing that is under way.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from wfweb.approvals.events import MatrixChanged
from wfweb.approvals.matrix_checks import checked, fields_of, refuse_faults
from wfweb.approvals.models import ApprovalMatrix, ApprovalMatrixVersion
from wfweb.events import emit
from wfweb.identity.policy import require
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed

EDIT = "matrices.edit"
_CODE = re.compile(r"[a-z][a-z0-9_]{1,49}")

refuse_as(
    "uq_approval_matrices_code",
    lambda: ValidationFailed.at("/code", "There is a matrix with this code", "taken"),
)
refuse_as(
    "uq_approval_matrix_versions_draft",
    lambda: Conflict("Somebody else began a draft of this matrix. Reload it"),
)


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
        refuse_faults(draft.body, fields_of(kept.record_type_code))
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
