"""The shapes of definitions and instances in the API (those of a body are in ``schemas``)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from wfweb.kernel.api import In, Out, Page, Query, example

Body = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "required": ["code", "name", "states"],
            "description": (
                "A definition: code, name, record_type, states and transitions. Its JSON Schema "
                "is at `/api/v1/workflow-schema`."
            ),
        }
    ),
]
EXAMPLE = {
    "code": "complaint",
    "name": "Complaint",
    "record_type": "complaint",
    "states": [
        {"code": "new", "name": "New", "type": "start"},
        {"code": "closed", "name": "Closed", "type": "end"},
    ],
    "transitions": [{"code": "close", "from": "new", "to": "closed"}],
}


class ProblemOut(Out):
    """Something wrong with a definition; a warning does not stop its publication."""

    path: str = Field(description="JSON pointer into the body.")
    message: str
    code: str
    severity: Literal["error", "warning"]


class WorkflowOut(Out):
    """A definition. What it says is in its versions."""

    id: UUID
    code: str
    name: str
    description: str
    record_type: str | None
    trigger: str
    live_number: int | None = Field(description="The version that new work follows.")
    draft_number: int | None
    next_start_at: datetime | None
    version: int
    updated_at: datetime


class WorkflowPage(Page[WorkflowOut]):
    """Definitions by code."""


class WorkflowVersionOut(Out):
    """One version of a definition; once published its body never changes."""

    number: int
    status: Literal["draft", "published", "retired"]
    digest: str
    comment: str
    version: int
    created_at: datetime
    published_at: datetime | None
    published_by_id: UUID | None
    retired_at: datetime | None


class WorkflowVersionPage(Page[WorkflowVersionOut]):
    """Versions, latest first."""


class WorkflowVersionFull(WorkflowVersionOut):
    """One version with what it says."""

    body: Body


class DraftOut(WorkflowVersionFull):
    """A draft, and what would stop its publication."""

    problems: list[ProblemOut]


class DraftIn(In):
    """What the draft says from now on."""

    model_config = example({"body": EXAMPLE})

    body: Body
    version: int | None = Field(default=None, description="Of the draft you saw, if there was one.")


class ImportIn(In):
    """A definition file: YAML or JSON as text."""

    model_config = example(
        {
            "content": "code: complaint\nname: Complaint\nstates:\n"
            "  - {code: new, name: New, type: start}\n  - {code: closed, name: Closed, type: end}\n"
            "transitions:\n  - {code: close, from: new, to: closed}\n"
        }
    )

    content: Annotated[str, Field(max_length=1_000_000)]


class CheckIn(In):
    """A definition that is only checked."""

    model_config = example({"body": EXAMPLE})

    body: Body


class CheckOut(Out):
    """What is wrong with a definition here and now."""

    valid: bool
    problems: list[ProblemOut]


class PublishIn(In):
    """What changed, and the draft that was seen."""

    model_config = example({"comment": "Close without a step in between", "version": 1})

    comment: Annotated[str, Field(max_length=1000)]
    version: int | None = None


class SchemaOut(Out):
    """The JSON Schema of a definition."""

    json_schema: dict[str, Any]


class ExportQuery(Query):
    """In which form a version is wanted."""

    form: Literal["yaml", "json"] = "yaml"
