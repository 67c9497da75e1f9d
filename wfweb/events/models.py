"""Tables of effects to come: messages to deliver, moments that fall due, recurring jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Tenant

OUTBOX_STATES = ("pending", "claimed", "done", "dead", "quarantined")
TIMER_STATES = ("armed", "fired", "cancelled", "dead")


class OutboxMessage(Id, Tenant, Base):
    """An effect that must happen at least once, with a stable id (reliability D1)."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        CheckConstraint(f"state in {OUTBOX_STATES}", name="state"),
        UniqueConstraint("company_id", "kind", "key", name="uq_outbox_messages_key"),
        Index("ix_outbox_messages_due", "next_at", postgresql_where=text("state = 'pending'")),
        Index(
            "ix_outbox_messages_lease", "lease_until", postgresql_where=text("state = 'claimed'")
        ),
        Index(
            "ix_outbox_messages_failed",
            "id",
            postgresql_where=text("state in ('dead', 'quarantined')"),
        ),
    )

    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(Text, default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    unfinished_claims: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_at: Mapped[datetime] = mapped_column(default=clock.now)
    relayed_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    correlation_id: Mapped[UUID]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(Text, default="")


class Timer(Id, Tenant, Base):
    """A moment that falls due for a subject; fired once per fire key (reliability D3)."""

    __tablename__ = "timers"
    __table_args__ = (
        CheckConstraint(f"state in {TIMER_STATES}", name="state"),
        UniqueConstraint("kind", "subject_id", "fire_key", name="uq_timers_fire_key"),
        Index("ix_timers_due", "due_at", postgresql_where=text("state = 'armed'")),
        Index("ix_timers_subject", "subject_id", postgresql_where=text("state = 'armed'")),
    )

    kind: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    fire_key: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text, default="armed")
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    fired_at: Mapped[datetime | None]


class RecurringJob(Base):
    """When a job of ``schedule.py`` runs next; the row is the lock and the memory."""

    __tablename__ = "recurring_jobs"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    next_at: Mapped[datetime]
    last_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
