"""The shapes of records and record types in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Money, Out, Page, PageQuery, Query
from wfweb.kernel.api.schemas import example

Data = Annotated[
    dict[str, Any],
    Field(
        description=(
            "The fields of the type by code. Money is `{amount, currency}`, dates and moments are "
            "ISO 8601 text, people and records are ids, lines are lists of objects."
        ),
        max_length=200,
    ),
]


class RecordQuery(PageQuery):
    """Which records are wanted."""

    q: str | None = Field(default=None, max_length=100, description="Text in key, title or data.")
    state: str | None = Field(default=None, max_length=80)
    mine: bool = Field(default=False, description="Only those the token's owner owns.")
    archived: bool = Field(default=False, description="Archived ones instead of the others.")
    sort: Literal[
        "updated",
        "-updated",
        "created",
        "-created",
        "title",
        "-title",
        "amount",
        "-amount",
        "state",
        "-state",
    ] = Field(default="-created", description="The order; `-` in front turns it round.")
    filter: dict[str, str] = Field(
        default_factory=dict,
        description=(
            "By a field of the type: `filter[priority]=high`; numbers, money and dates also "
            "`filter[amount.min]=1000` and `filter[amount.max]=5000`."
        ),
    )


class RecordOut(Out):
    """A record."""

    id: UUID
    key: str
    type: str
    title: str
    state: str | None = Field(description="The state of its workflow.")
    data: Data
    amount: Money | None
    owner_id: UUID | None
    version: int = Field(description="Counts changes of the data, not of the state.")
    created_at: datetime
    created_by_id: UUID | None
    updated_at: datetime
    archived_at: datetime | None


class RecordPage(Page[RecordOut]):
    """Records of one type."""


class RecordIn(In):
    """A new record."""

    model_config = example({"data": {"subject": "Broken crate", "amount": None}})

    data: Data


class RecordChange(In):
    """The changed fields only; null clears one."""

    model_config = example({"data": {"subject": "Two broken crates"}, "version": 1})

    data: Data
    version: int | None = Field(default=None, description="Needed unless If-Match names it.")


class OwnerIn(In):
    """Whose record it is from now on."""

    model_config = example({"owner": "0199c1de-7a10-7c3e-9d1b-2f1f0f3a5b77", "version": 1})

    owner: UUID
    version: int | None = None


class CommentIn(In):
    """Something to say; `@ada` or an address mentions a colleague."""

    model_config = example({"body": "Delivery is promised for Friday."})

    body: Annotated[str, Field(min_length=1, max_length=10_000)]


class CommentOut(Out):
    """Something that was said."""

    id: UUID
    body: str
    by_id: UUID | None
    by_name: str
    mentioned_ids: list[UUID]
    at: datetime


class CommentPage(Page[CommentOut]):
    """Comments, oldest first."""


class AttachmentOut(Out):
    """A file."""

    id: UUID
    file_name: str
    content_type: str
    size_bytes: int
    sha256: str
    by_id: UUID | None
    by_name: str
    at: datetime


class AttachmentList(Out):
    """The files of a record, oldest first."""

    items: list[AttachmentOut]


class TimelineQuery(Query):
    """Which part of the timeline is wanted."""

    limit: int = Field(default=30, ge=1, le=100)
    after: str | None = Field(
        default=None, max_length=500, description="`next` of the page before."
    )


class ChangeOut(Out):
    """One field that changed, in words."""

    label: str
    old: str
    new: str


class TimelineEntryOut(Out):
    """One thing that happened."""

    key: str
    at: datetime
    who: str
    text: str
    body: str
    changes: list[ChangeOut]


class TimelinePage(Page[TimelineEntryOut]):
    """What happened to a record, newest first."""
