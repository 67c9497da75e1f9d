"""The shapes of the audit trail in the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field, field_validator

from wfweb.kernel.api import Out, Page, PageQuery


class AuditQuery(PageQuery):
    """Whose story is wanted."""

    target_id: UUID = Field(description="A record, request, instance, person, ...")


class AuditEntryOut(Out):
    """One thing that happened; secrets and personal data are redacted."""

    id: UUID
    at: datetime
    type: str
    name: str
    target_type: str
    target_id: UUID | None
    target_label: str
    old_values: dict[str, Any] | None
    new_values: dict[str, Any] | None
    changed_fields: list[str]
    details: dict[str, Any] | None
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    on_behalf_of_id: UUID | None
    channel: str
    ip: str | None
    correlation_id: UUID = Field(description="Joins everything that one act caused.")
    instance_id: UUID | None
    request_id: UUID | None
    risk: str | None

    @field_validator("ip", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return None if value is None else str(value)


class AuditPage(Page[AuditEntryOut]):
    """A story, newest first."""
