"""The shapes of instances in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, PageQuery, example


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
