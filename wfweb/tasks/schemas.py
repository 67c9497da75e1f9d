"""The shapes of tasks in the API."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, PageQuery
from wfweb.kernel.api.schemas import example

Outcome = Annotated[str, Field(max_length=4000)]


class TaskQuery(PageQuery):
    """Which tasks are wanted."""

    view: Literal["mine", "roles", "done", "all"] = Field(
        default="mine",
        description="Mine, open for my roles, done, or every open one that I may see.",
    )


class TaskIn(In):
    """A piece of work for a person, or for whoever of a role takes it first."""

    model_config = example({"title": "Call the supplier", "role_code": "buyer", "priority": "high"})

    title: Annotated[str, Field(max_length=200)]
    description: Annotated[str, Field(max_length=4000)] = ""
    assignee_id: UUID | None = None
    role_code: Annotated[str, Field(max_length=80)] | None = None
    priority: Literal["low", "normal", "high", "urgent"] = "normal"
    due_at: datetime | None = None
    record_id: UUID | None = None


class TaskGive(In):
    """Who gets it."""

    model_config = example({"assignee_id": "0199c1de-0000-7000-8000-00000000abcd"})

    assignee_id: UUID
    version: int | None = None


class TaskClose(In):
    """How it ended."""

    model_config = example({"status": "done", "outcome": "They deliver on Monday"})

    status: Literal["done", "cancelled"] = "done"
    outcome: Outcome = Field(default="", description="Needed when it is cancelled.")
    version: int | None = None


class TaskOut(Out):
    """A task."""

    id: UUID
    key: str
    title: str
    description: str
    priority: str
    status: Literal["open", "done", "cancelled"]
    assignee_id: UUID | None
    role_code: str | None
    record_id: UUID | None
    instance_id: UUID | None
    due_at: datetime | None
    outcome: str
    closed_at: datetime | None
    closed_by_id: UUID | None
    version: int
    created_at: datetime


class TaskPage(Page[TaskOut]):
    """Tasks, oldest first."""
