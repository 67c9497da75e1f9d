"""The shapes of approval matrices in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.approvals.matrix_checks import MAX_ROWS
from wfweb.kernel.api import In, Out, Page, Query, example
from wfweb.records.schemas_conditions import Condition, SubjectIn
from wfweb.workflow.schemas import MAX_LEVELS, Level

_ROWS = {
    "hit_policy": "first",
    "rows": [
        {
            "name": "Small orders",
            "when": {"field": "amount", "operator": "<=", "value": "500.00"},
            "auto_approve": True,
        },
        {"name": "All others", "when": {}, "levels": [{"approvers": [{"role": "approver"}]}]},
    ],
}


class MatrixRowIn(In):
    """One row: when it matches, and who is asked then."""

    id: Annotated[str, Field(max_length=63)] | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    when: Condition | None = Field(default=None, description="Empty: always.")
    levels: list[Level] = Field(default_factory=list, max_length=MAX_LEVELS)
    auto_approve: bool = Field(default=False, description="Nobody is asked; the audit names it.")


class MatrixBodyIn(In):
    """The rows of a matrix. `first`: the first matching row; `collect`: all of them."""

    hit_policy: Literal["first", "collect"] = "first"
    rows: list[MatrixRowIn] = Field(min_length=1, max_length=MAX_ROWS)

    def plain(self) -> dict[str, Any]:
        """Return the body as it was sent, without what was left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class MatrixDraftIn(In):
    """What the draft of a matrix says from now on."""

    model_config = example({"name": "Orders", "record_type": "order", "body": _ROWS})

    name: Annotated[str, Field(max_length=120)] | None = None
    description: Annotated[str, Field(max_length=1000)] | None = None
    record_type: Annotated[str, Field(max_length=63)] | None = None
    body: MatrixBodyIn
    version: int | None = Field(default=None, description="Of the draft you saw, if there was one.")


class MatrixCheckIn(In):
    """A matrix that is only checked."""

    model_config = example({"record_type": "order", "body": _ROWS})

    record_type: Annotated[str, Field(max_length=63)]
    body: MatrixBodyIn


class MatrixPublishIn(In):
    """From when until when the draft is the rule."""

    model_config = example({"effective_from": None, "version": 1})

    effective_from: datetime | None = Field(default=None, description="Now, when left out.")
    effective_to: datetime | None = Field(default=None, description="Until a later one, if empty.")
    version: int | None = None


class MatrixOut(Out):
    """A matrix. Its rows are in its versions."""

    id: UUID
    code: str
    name: str
    description: str
    record_type: str | None = Field(validation_alias="record_type_code")
    retired_at: datetime | None
    updated_at: datetime


class MatrixPage(Page[MatrixOut]):
    """Matrices by code."""


class MatrixVersionOut(Out):
    """One version; once published its rows never change."""

    number: int
    status: Literal["draft", "published"]
    body: dict[str, Any]
    effective_from: datetime | None
    effective_to: datetime | None
    published_at: datetime | None
    published_by_id: UUID | None
    version: int


class MatrixVersionPage(Page[MatrixVersionOut]):
    """Versions, latest first."""


class FindingOut(Out):
    """One thing to know about a matrix; only one without errors can be published."""

    kind: str
    severity: Literal["error", "warning", "notice"]
    message: str
    rows: list[str] = Field(description="Ids of the rows concerned.")
    path: str


class ReportOut(Out):
    """Gaps, overlaps and rows without effect, errors first."""

    valid: bool
    findings: list[FindingOut]


class NumberQuery(Query):
    """Which version is wanted."""

    number: int | None = Field(default=None, ge=1, le=1_000_000, description="Latest by default.")


class MatrixAskIn(SubjectIn):
    """What the matrix is asked about."""

    model_config = example({"record": "ORD-1042"})


class MatrixAnswerOut(Out):
    """What the version in force says about a record; a problem means that nobody is asked."""

    auto_approved: bool
    levels: list[dict[str, Any]]
    problem: str | None
    explanation: dict[str, Any]
