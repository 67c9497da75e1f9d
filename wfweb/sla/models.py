"""Tables of service levels: definitions and their versions, clocks, their ledger, crossings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import Base, Id, Stamps, Versioned, acting_company

METRICS = ("response_time", "resolution_time", "delivery_time", "custom")
STATUSES = ("active", "paused", "met", "breached", "cancelled")
LEVELS = ("GREEN", "YELLOW", "ORANGE", "RED", "BREACHED")
KINDS = ("run", "pause")

IS_OPEN = text("completed_at is null")


class Owned:
    """A row of one company, without an index of its own: others begin with the company."""

    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company
    )


class SlaDefinition(Id, Owned, Versioned, Stamps, Base):
    """A promise by its code; what it says is in its versions.

    ``live_version_id`` is the version that new clocks are started with; running clocks keep
    theirs until somebody moves them.
    """

    __tablename__ = "sla_definitions"
    __table_args__ = (
        UniqueConstraint("company_id", "code", name="uq_sla_definitions_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    subject_type: Mapped[str] = mapped_column(Text)
    record_type_code: Mapped[str | None] = mapped_column(Text)
    live_version_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("sla_definition_versions.id", use_alter=True, name="fk_sla_definitions_live")
    )
    current_version: Mapped[int] = mapped_column(default=0)


class SlaDefinitionVersion(Id, Owned, Base):
    """What a definition said from some moment on; never changed, because clocks refer to it."""

    __tablename__ = "sla_definition_versions"
    __table_args__ = (
        UniqueConstraint("definition_id", "number", name="uq_sla_definition_versions_number"),
    )

    definition_id: Mapped[UUID] = mapped_column(ForeignKey("sla_definitions.id"))
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)


class SlaClock(Id, Owned, Versioned, Base):
    """One promise about one subject, as it stands.

    The ledger tells the story; this row repeats its end for lists and for the sweep.
    ``elapsed_seconds`` (business) and ``wall_seconds`` count up to ``segment_started_at``, the
    last change; what runs since then is computed. A clock is open until ``completed_at``: one
    that is late and not yet done has the status ``breached`` and is open all the same.
    """

    __tablename__ = "sla_clocks"
    __table_args__ = (
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"level in {LEVELS}", name="level"),
        CheckConstraint("target_seconds > 0", name="target"),
        CheckConstraint("elapsed_seconds >= 0 and wall_seconds >= 0", name="seconds"),
        CheckConstraint("(level = 'BREACHED') = (breached_at is not null)", name="breached_at"),
        CheckConstraint("completed_at is null or next_check_at is null", name="next_check_at"),
        CheckConstraint(
            "completed_at is not null or (paused_at is not null) = (status = 'paused')",
            name="paused_at",
        ),
        # The second line of defence: one open clock a definition and subject (SLA-2).
        Index(
            "uq_sla_clocks_open",
            "definition_id",
            "subject_id",
            unique=True,
            postgresql_where=IS_OPEN,
        ),
        Index(
            "ix_sla_clocks_next_check",
            "next_check_at",
            postgresql_where=text("next_check_at is not null"),
        ),
        Index("ix_sla_clocks_subject", "subject_id"),
        Index("ix_sla_clocks_record", "record_id"),
        Index("ix_sla_clocks_version", "version_id", postgresql_where=IS_OPEN),
        Index(
            "ix_sla_clocks_board", "company_id", "level", "due_at", "id", postgresql_where=IS_OPEN
        ),
        Index("ix_sla_clocks_owner", "company_id", "owner_id", postgresql_where=IS_OPEN),
        # With all that the forecast learns from, so that it need not go to the rows.
        Index(
            "ix_sla_clocks_past",
            "company_id",
            "completed_at",
            postgresql_include=[
                "definition_id",
                "team",
                "elapsed_seconds",
                "target_seconds",
                "status",
                "breached_at",
            ],
            postgresql_where=text("completed_at is not null"),
        ),
    )

    definition_id: Mapped[UUID] = mapped_column(ForeignKey("sla_definitions.id"))
    version_id: Mapped[UUID] = mapped_column(ForeignKey("sla_definition_versions.id"))
    definition_code: Mapped[str] = mapped_column(Text)
    metric: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    record_id: Mapped[UUID | None] = mapped_column(ForeignKey("records.id"))
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="active")
    level: Mapped[str] = mapped_column(Text, default="GREEN")
    target_seconds: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    segment_started_at: Mapped[datetime]
    segment_seq: Mapped[int] = mapped_column(default=1)
    elapsed_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    wall_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    next_check_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause_reason: Mapped[str | None] = mapped_column(Text)
    paused_by_hand: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    team: Mapped[str | None] = mapped_column(Text)
    calendar_version_id: Mapped[UUID | None]
    """Which version of a business calendar counts; none is around the clock."""
    time_zone: Mapped[str | None] = mapped_column(Text)
    """The zone the calendar is read in, where it is not the calendar's own."""
    round: Mapped[int] = mapped_column(default=1)
    """One more each time the clock was moved to another version, whose ledger replaces."""
    end_reason: Mapped[str | None] = mapped_column(Text)
    receipt: Mapped[dict[str, Any] | None]


class SlaSegment(Id, Base):
    """A closed stretch of a clock's ledger; the open one is on the clock. Append-only."""

    __tablename__ = "sla_segments"
    __table_args__ = (
        UniqueConstraint("clock_id", "round", "seq", name="uq_sla_segments_seq"),
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint("ended_at >= started_at", name="times"),
        CheckConstraint("business_seconds >= 0", name="seconds"),
    )

    # Without an index of its own: the ledger is only read by clock.
    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("sla_clocks.id"))
    round: Mapped[int] = mapped_column(default=1)
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[UUID | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    business_seconds: Mapped[int] = mapped_column(BigInteger)


class SlaCrossing(Id, Base):
    """A clock reached a level: the exact instant, and when wfweb noticed. Append-only.

    ``overtaken`` ones were reached while wfweb was away and a graver one had come meanwhile:
    they are history and nobody is told of them.
    """

    __tablename__ = "sla_crossings"
    __table_args__ = (
        UniqueConstraint("clock_id", "round", "level", name="uq_sla_crossings_once"),
        Index("ix_sla_crossings_at", "company_id", "at"),
        CheckConstraint(f"level in {LEVELS}", name="level"),
    )

    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    clock_id: Mapped[UUID] = mapped_column(ForeignKey("sla_clocks.id"))
    round: Mapped[int] = mapped_column(default=1)
    level: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    noticed_at: Mapped[datetime] = mapped_column(default=clock.now)
    overtaken: Mapped[bool] = mapped_column(default=False)
