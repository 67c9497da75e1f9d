"""The shapes of alerts and silences in the API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, PageQuery, Query, VersionIn, example

Severity = Literal["info", "warning", "critical", "urgent"]
Status = Literal["active", "acknowledged", "resolved", "expired", "escalated"]


class AlertQuery(PageQuery):
    """Which alerts are wanted."""

    status: Status | Literal["open"] | None = Field(
        default=None, description="`open` is active, acknowledged or escalated."
    )
    severity: Severity | None = None
    rule: str | None = Field(default=None, max_length=63, description="Code of a rule.")
    record_id: UUID | None = None
    owner_id: UUID | None = None
    q: str | None = Field(default=None, max_length=100, description="Text in title or key.")


class AlertOut(Out):
    """One alert. `occurrences` counts the repeats that were folded into it."""

    id: UUID
    key: str
    rule_id: UUID
    record_id: UUID | None
    severity: Severity
    status: Status
    title: str
    message: str
    context: dict[str, Any] = Field(description="Metric, value, threshold and operator, as text.")
    holds: bool | None = Field(description="Whether the cause held when it was last looked at.")
    raised_at: datetime
    last_seen_at: datetime
    occurrences: int
    told_at: datetime | None
    held_back: Literal["cooldown", "daily_cap", "silenced"] | None = Field(
        description="Why nobody was told yet."
    )
    owner_id: UUID | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    resolved_by_id: UUID | None
    resolution_notes: str
    remind_at: datetime | None
    escalation_level: int
    next_escalation_at: datetime | None
    expires_at: datetime | None
    version: int


class AlertPage(Page[AlertOut]):
    """Alerts, newest first."""


class AlertNoteOut(Out):
    """What somebody wrote about an alert, or did with it."""

    id: UUID
    kind: str
    body: str
    by_id: UUID | None
    by_name: str
    at: datetime


class AlertNoteList(Out):
    """The notes of an alert, oldest first."""

    items: list[AlertNoteOut]


class AcknowledgeIn(VersionIn):
    """That you look after an alert."""

    model_config = example({"version": 1, "note": "On my way", "remind_minutes": 30})

    note: str = Field(default="", max_length=4000)
    remind_minutes: int | None = Field(
        default=None, description="Tell you again so often while it is open."
    )


class AssignIn(VersionIn):
    """Who looks after an alert from now on."""

    model_config = example({"owner_id": "0198c8b1-0000-7000-8000-000000000001"})

    owner_id: UUID
    note: str = Field(default="", max_length=4000)


class AlertNoteIn(In):
    """A note about an alert."""

    model_config = example({"body": "The pump is being repaired."})

    body: str = Field(min_length=1, max_length=4000)


class RemindIn(VersionIn):
    """How often the owner is told again; null stops it."""

    model_config = example({"minutes": 60})

    minutes: int | None


class ResolveIn(VersionIn):
    """How it ended; needed while the cause still holds."""

    model_config = example({"version": 2, "notes": "The sensor was broken."})

    notes: str = Field(default="", max_length=4000)


class SilenceThisIn(In):
    """Until when, and why, nobody is told of this rule on this record."""

    model_config = example({"until": "2030-01-01T06:00:00Z", "reason": "Repairs"})

    until: datetime
    reason: str = Field(min_length=1, max_length=1000)


class SilenceIn(SilenceThisIn):
    """A silence of a rule, a record, or a rule on one record."""

    model_config = example(
        {
            "record_id": "0198c8b1-0000-7000-8000-000000000001",
            "until": "2030-01-01T06:00:00Z",
            "reason": "Repairs",
        }
    )

    rule_id: UUID | None = None
    record_id: UUID | None = None


class SilenceOut(Out):
    """A silence."""

    id: UUID
    rule_id: UUID | None
    record_id: UUID | None
    until: datetime
    reason: str
    created_at: datetime
    created_by_name: str
    ended_at: datetime | None


class SilenceList(Out):
    """Silences."""

    items: list[SilenceOut]


class SilenceQuery(Query):
    """Which silences are wanted."""

    over: bool = Field(default=False, description="Also those that are over; the latest 100.")
