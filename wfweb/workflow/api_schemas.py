"""The shapes of definitions and instances in the API (those of a body are in ``schemas``)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, WithJsonSchema

from wfweb.kernel.api import In, Out, Page, PageQuery, Query, example

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


class InstanceQuery(PageQuery):
    """Which instances are wanted."""

    workflow: str | None = Field(default=None, max_length=63, description="Code of the definition.")
    record: UUID | None = None
    status: Literal["active", "completed", "cancelled", "error", "timeout"] | None = None
    state: str | None = Field(default=None, max_length=63)


class InstanceOut(Out):
    """One run of a definition."""

    id: UUID
    workflow: str = Field(validation_alias="definition_code")
    version_id: UUID = Field(description="The version it follows to its end.")
    record_id: UUID | None
    state: str
    status: Literal["active", "completed", "cancelled", "error", "timeout"]
    started_by_id: UUID | None
    started_at: datetime
    entered_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    retry_count: int
    error_message: str | None
    context: dict[str, Any]
    version: int


class InstancePage(Page[InstanceOut]):
    """Instances, latest first."""


class StartIn(In):
    """What begins, and for which record."""

    model_config = example({"workflow": "order_approval", "record": "ORD-1042"})

    workflow: Annotated[str, Field(max_length=63)]
    record: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="Id or key."
    )
    context: dict[str, Any] = Field(
        default_factory=dict, max_length=50, description="Plain values kept with the instance."
    )


class StepIn(In):
    """The step to take."""

    model_config = example({"transition": "submit", "comment": "As agreed by phone"})

    transition: Annotated[str, Field(max_length=200)] = Field(
        description="Code of the transition, or its event name."
    )
    comment: Annotated[str, Field(max_length=4000)] | None = None
    version: int | None = Field(default=None, description="Of the instance you saw.")


class ReasonIn(In):
    """Why."""

    model_config = example({"reason": "Entered twice"})

    reason: Annotated[str, Field(max_length=4000)]


class TransitionOut(Out):
    """A step that can be taken, or would be if nothing blocked it."""

    code: str
    event: str | None
    label: str
    to: str
    style: str
    require_comment: bool
    possible: bool
    blocked: str | None = Field(description="What stands in the way, in words.")
    explanation: dict[str, Any] | None = Field(description="Why a condition does not hold.")


class TransitionList(Out):
    """The steps of the token's owner, in order."""

    items: list[TransitionOut]


class HistoryOut(Out):
    """One step that was taken."""

    seq: int
    from_state: str | None
    to_state: str
    transition: str | None = Field(validation_alias="transition_code")
    kind: str
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    on_behalf_of_id: UUID | None
    comment: str | None
    seconds_in_state: int | None
    at: datetime


class HistoryPage(Page[HistoryOut]):
    """Steps, first to last."""
