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

_FIELD = {
    "type": "object",
    "required": ["code", "label", "type"],
    "properties": {
        "code": {"type": "string"},
        "label": {"type": "string"},
        "type": {
            "enum": [
                *("text", "longtext", "number", "integer", "money", "date", "datetime", "boolean"),
                *("choice", "person", "reference", "lines", "file", "email", "url"),
            ]
        },
        "required": {"type": "boolean"},
    },
    "additionalProperties": True,
}
Fields = Annotated[list[dict[str, Any]], Field(json_schema_extra={"items": _FIELD})]


class TypeQuery(PageQuery):
    """Which record types are wanted."""

    inactive: bool = Field(default=False, description="Those that are switched off as well.")


class TypeOut(Out):
    """A record type: which fields its records have, and how they look."""

    id: UUID
    code: str
    name: str
    plural: str
    description: str
    key_prefix: str
    icon: str
    fields: Fields
    totals: list[dict[str, Any]]
    json_schema: dict[str, Any] = Field(description="What `data` of a record has to be like.")
    title_template: str
    amount_field: str | None
    list_columns: list[str]
    searchable: list[str]
    pii_fields: list[str]
    material_fields: list[str]
    actions: list[dict[str, Any]]
    default_workflow: str | None
    permissions: dict[str, Any]
    active: bool
    version: int
    created_at: datetime
    updated_at: datetime


class TypePage(Page[TypeOut]):
    """Record types by name."""


class TypeIn(In):
    """The definition of a record type."""

    model_config = example(
        {
            "code": "complaint",
            "name": "Complaint",
            "key_prefix": "CPL",
            "title_template": "{subject}",
            "fields": [
                {"code": "subject", "label": "Subject", "type": "text", "required": True},
                {"code": "amount", "label": "Claimed", "type": "money", "currency": "EUR"},
            ],
        }
    )

    code: Annotated[str, Field(max_length=63)]
    key_prefix: Annotated[str, Field(max_length=8)]
    name: str
    plural: str | None = None
    description: str = ""
    icon: str = "doc"
    fields: Fields = Field(max_length=200)
    totals: list[dict[str, Any]] = Field(default_factory=list)
    title_template: str = ""
    amount_field: str | None = None
    list_columns: list[str] = Field(default_factory=list)
    searchable: list[str] = Field(default_factory=list)
    pii_fields: list[str] = Field(default_factory=list)
    material_fields: list[str] = Field(default_factory=list)
    actions: list[dict[str, Any]] = Field(default_factory=list)
    default_workflow: str | None = None
    permissions: dict[str, Any] = Field(default_factory=dict)
    active: bool = True


class TypeChange(TypeIn):
    """The whole definition as it is from now on; code, prefix and kinds of fields stay."""

    model_config = example(
        {
            "name": "Complaint",
            "fields": [{"code": "subject", "label": "Subject", "type": "text", "required": True}],
            "version": 1,
        }
    )

    code: str | None = None  # type: ignore[assignment]
    key_prefix: str | None = None  # type: ignore[assignment]
    version: int | None = None


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
