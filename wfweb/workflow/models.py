"""Tables of the engine: definitions, their versions, instances and their history."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned, acting_company

VERSION_STATUSES = ("draft", "published", "retired")
INSTANCE_STATUSES = ("active", "completed", "cancelled", "error", "timeout")
HISTORY_KINDS = ("transition", "approval", "rejection", "timeout", "escalation", "system")


class WorkflowDefinition(Id, Tenant, Versioned, Stamps, Base):
    """A definition by its code; what it says is in its versions.

    ``live_version_id`` and what follows it repeat the published version for quick lookup.
    """

    __tablename__ = "workflow_definitions"
    __table_args__ = (
        UniqueConstraint("company_id", "code", name="uq_workflow_definitions_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        Index(
            "ix_workflow_definitions_trigger",
            "company_id",
            "record_type",
            "trigger",
            postgresql_where=text("live_version_id is not null"),
        ),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    live_version_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("workflow_versions.id", use_alter=True, name="fk_workflow_definitions_live")
    )
    record_type: Mapped[str | None] = mapped_column(Text)
    trigger: Mapped[str] = mapped_column(Text, default="manual")
    next_start_at: Mapped[datetime | None]
    """When a scheduled definition starts next."""


class WorkflowVersion(Id, Tenant, Versioned, Stamps, Base):
    """One version of a definition; once published, its body never changes again."""

    __tablename__ = "workflow_versions"
    __table_args__ = (
        UniqueConstraint("definition_id", "number", name="uq_workflow_versions_number"),
        CheckConstraint(f"status in {VERSION_STATUSES}", name="status"),
        Index(
            "uq_workflow_versions_draft",
            "definition_id",
            unique=True,
            postgresql_where=text("status = 'draft'"),
        ),
        Index(
            "uq_workflow_versions_live",
            "definition_id",
            unique=True,
            postgresql_where=text("status = 'published'"),
        ),
    )

    definition_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_definitions.id"))
    number: Mapped[int]
    status: Mapped[str] = mapped_column(Text, default="draft")
    body: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[UUID | None]
    retired_at: Mapped[datetime | None]


class WorkflowInstance(Id, Tenant, Versioned, Base):
    """One run of a version, usually for a record. Narrow, because every step writes it."""

    __tablename__ = "workflow_instances"
    __table_args__ = (
        CheckConstraint(f"status in {INSTANCE_STATUSES}", name="status"),
        Index(
            "uq_workflow_instances_active",
            "company_id",
            "record_id",
            "definition_id",
            unique=True,
            postgresql_where=text("status in ('active', 'error') and exclusive"),
        ),
        Index("ix_workflow_instances_record_id", "record_id"),
        Index(
            "ix_workflow_instances_open",
            "version_id",
            postgresql_where=text("status = 'active'"),
        ),
        Index(
            "ix_workflow_instances_stuck",
            "company_id",
            "id",
            postgresql_where=text("status in ('error', 'timeout')"),
        ),
    )

    definition_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_definitions.id"))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_versions.id"))
    definition_code: Mapped[str] = mapped_column(Text)
    record_id: Mapped[UUID | None] = mapped_column(ForeignKey("records.id"))
    exclusive: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="active")
    started_by_id: Mapped[UUID | None]
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    entered_at: Mapped[datetime] = mapped_column(default=clock.now)
    due_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    retry_count: Mapped[int] = mapped_column(default=0)
    error_message: Mapped[str | None] = mapped_column(Text)
    failed_step: Mapped[dict[str, Any] | None]
    """What failed and as whom, so that an operator can try exactly that again."""
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    steps: Mapped[int] = mapped_column(default=0)
    """How many history rows there are; the number of the last one."""


class HistoryEntry(Id, Base):
    """One step of an instance. Append-only; its numbers have no gaps (I-02)."""

    __tablename__ = "workflow_history"
    __table_args__ = (
        UniqueConstraint("instance_id", "seq", name="uq_workflow_history_seq"),
        CheckConstraint(f"kind in {HISTORY_KINDS}", name="kind"),
    )

    # Without an index of its own: history is only read by instance.
    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_instances.id"))
    seq: Mapped[int]
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    transition_code: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(Text, default="")
    on_behalf_of_id: Mapped[UUID | None]
    comment: Mapped[str | None] = mapped_column(Text)
    attachments: Mapped[list[str] | None] = mapped_column(JSONB)
    seconds_in_state: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(default=clock.now)
