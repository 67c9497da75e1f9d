"""The shapes of record types in the API."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, PageQuery, example

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
