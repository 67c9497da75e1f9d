"""The table of tasks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned

STATES = ("open", "done", "cancelled")
PRIORITIES = ("low", "normal", "high", "urgent")
OPEN = text("status = 'open'")


class Task(Id, Tenant, Versioned, Stamps, Base):
    """One piece of work: for a person, or for whoever of a role takes it first."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("company_id", "key", name="uq_tasks_key"),
        UniqueConstraint("company_id", "cause", name="uq_tasks_cause"),
        CheckConstraint(f"status in {STATES}", name="status"),
        CheckConstraint(f"priority in {PRIORITIES}", name="priority"),
        CheckConstraint("assignee_id is not null or role_code is not null", name="somebody"),
        CheckConstraint("(status = 'open') = (closed_at is null)", name="closed"),
        Index("ix_tasks_assignee", "assignee_id", "due_at", postgresql_where=OPEN),
        Index("ix_tasks_role", "company_id", "role_code", "due_at", postgresql_where=OPEN),
        Index("ix_tasks_record", "record_id"),
    )

    key: Mapped[str] = mapped_column(Text)
    cause: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    priority: Mapped[str] = mapped_column(Text, default="normal")
    status: Mapped[str] = mapped_column(Text, default="open")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    role_code: Mapped[str | None] = mapped_column(Text)
    record_id: Mapped[UUID | None] = mapped_column(ForeignKey("records.id", ondelete="CASCADE"))
    instance_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("workflow_instances.id", ondelete="SET NULL")
    )
    due_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
