"""Tables of governance locks: kinds of locks, locks, what was measured, permits.

Locks and evaluations are written by the functions in ``migrations/sql/locks_*.sql`` alone, which
every client of the database calls; the models here are for reading.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned, acting_company

SEVERITIES = ("critical", "warning")
STATUSES = ("locked", "unlocked", "expired")
ON_EXPIRY = ("unlock", "renew", "accept")
IN_FLIGHT = ("finish", "stop")
PERMIT_STATUSES = ("issued", "redeemed", "revoked")
EVALUATED_BECAUSE = ("created", "release", "override", "accepted", "renewed", "expiry", "metric")
OUTCOMES = ("locked", "unlocked", "expired", "kept", "asked")
DEFAULT_DAYS = 90


def _of(table: str, column: str, target: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["company_id", column],
        [f"{target}.company_id", f"{target}.id"],
        name=f"fk_{table}_{column.removesuffix('_id')}",
        ondelete="CASCADE" if cascade else None,
    )


class LockType(Id, Tenant, Versioned, Stamps, Base):
    """A kind of lock: what it blocks, which causes lead to it, and how it may end.

    ``causes`` are metric codes, or beginnings of them with ``*``; the ``fallback`` takes what
    no other type names. Without ``record_type_code`` it is for records of every type.
    ``expiry_days`` empty means 90, or what a database client asks for.
    """

    __tablename__ = "lock_types"
    __table_args__ = (
        UniqueConstraint("company_id", "code", name="uq_lock_types_company_id_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        CheckConstraint(f"severity in {SEVERITIES}", name="severity"),
        CheckConstraint(f"on_expiry in {ON_EXPIRY}", name="on_expiry"),
        CheckConstraint(f"in_flight in {IN_FLIGHT}", name="in_flight"),
        CheckConstraint("expiry_days between 1 and 3650", name="expiry_days"),
        CheckConstraint("cardinality(blocked_actions) between 1 and 50", name="blocked_actions"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    record_type_code: Mapped[str | None] = mapped_column(Text)
    causes: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    fallback: Mapped[bool] = mapped_column(default=False)
    blocked_actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    severity: Mapped[str | None] = mapped_column(Text)
    expiry_days: Mapped[int | None]
    on_expiry: Mapped[str] = mapped_column(Text, default="unlock")
    in_flight: Mapped[str] = mapped_column(Text, default="stop")
    release_workflow: Mapped[str | None] = mapped_column(Text)
    ask_at_once: Mapped[bool] = mapped_column(default=True)
    active: Mapped[bool] = mapped_column(default=True)


class WorkflowLock(Base):
    """A lock on a record: the seventeen columns of LOCK-1, and its company."""

    __tablename__ = "workflow_locks"
    __table_args__ = (
        _of("workflow_locks", "record_id", "records", cascade=True),
        _of("workflow_locks", "alert_id", "alerts", cascade=True),
        ForeignKeyConstraint(
            ["company_id", "lock_type"],
            ["lock_types.company_id", "lock_types.code"],
            name="fk_workflow_locks_lock_type",
        ),
        _of("workflow_locks", "locked_by", "users"),
        _of("workflow_locks", "unlocked_by", "users"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"lock_severity in {SEVERITIES}", name="lock_severity"),
        CheckConstraint("lock_type ~ '^[a-z][a-z0-9_]{0,62}$'", name="lock_type"),
        CheckConstraint("unlocked_at >= locked_at", name="unlocked_at"),
        CheckConstraint("(status = 'locked') = (unlocked_at is null)", name="ended"),
        CheckConstraint("cardinality(blocked_actions) between 1 and 50", name="blocked_actions"),
        Index("ix_workflow_locks_record", "record_id"),
        Index("ix_workflow_locks_alert", "alert_id"),
        Index("ix_workflow_locks_status", "status"),
        Index("ix_workflow_locks_locked_at", "locked_at"),
        Index("ix_workflow_locks_record_status", "record_id", "status"),
        Index("ix_workflow_locks_type", "lock_type"),
        Index("ix_workflow_locks_severity", "lock_severity"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    # Without an index of its own: seven are named in the specification, and all lists are bounded.
    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company
    )
    record_id: Mapped[UUID]
    alert_id: Mapped[UUID]
    lock_type: Mapped[str] = mapped_column(Text)
    lock_reason: Mapped[str] = mapped_column(Text)
    lock_severity: Mapped[str] = mapped_column(Text)
    locked_at: Mapped[datetime] = mapped_column(default=clock.now)
    unlocked_at: Mapped[datetime | None]
    lock_duration_hours: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    status: Mapped[str] = mapped_column(Text, default="locked")
    locked_by: Mapped[UUID | None]
    unlocked_by: Mapped[UUID | None]
    unlock_reason: Mapped[str | None] = mapped_column(Text)
    blocked_actions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    lock_notification_sent: Mapped[bool] = mapped_column(server_default=text("false"))
    unlock_notification_sent: Mapped[bool] = mapped_column(server_default=text("false"))
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class LockEvaluation(Base):
    """That the cause of a lock was looked at, why, what it was, and what followed; append-only.

    ``holds`` is empty when the cause cannot be measured. ``next_at`` says when a lock that
    stayed is looked at again. Kept when the record and its locks are removed.
    """

    __tablename__ = "lock_evaluations"
    __table_args__ = (
        CheckConstraint(f"why in {EVALUATED_BECAUSE}", name="why"),
        CheckConstraint(f"outcome in {OUTCOMES}", name="outcome"),
        Index("ix_lock_evaluations_lock", "lock_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company
    )
    lock_id: Mapped[UUID]
    record_id: Mapped[UUID]
    at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    metric: Mapped[str | None] = mapped_column(Text)
    operator: Mapped[str | None] = mapped_column(Text)
    threshold: Mapped[Decimal | None] = mapped_column(Numeric)
    value: Mapped[Decimal | None] = mapped_column(Numeric)
    holds: Mapped[bool | None]
    by_id: Mapped[UUID | None]
    reason: Mapped[str] = mapped_column(Text)
    next_at: Mapped[datetime | None]


class ActionPermit(Id, Tenant, Base):
    """Leave to do one action once, soon; taken back by a lock that arrives in between."""

    __tablename__ = "action_permits"
    __table_args__ = (
        _of("action_permits", "record_id", "records", cascade=True),
        CheckConstraint(f"status in {PERMIT_STATUSES}", name="status"),
        CheckConstraint("expires_at > issued_at", name="expires_at"),
        CheckConstraint("(status = 'redeemed') = (redeemed_at is not null)", name="redeemed_at"),
        CheckConstraint("(status = 'revoked') = (revoked_at is not null)", name="revoked_at"),
        Index("ix_action_permits_open", "record_id", postgresql_where=text("status = 'issued'")),
        Index("ix_action_permits_expires_at", "expires_at"),
    )

    record_id: Mapped[UUID]
    action: Mapped[str] = mapped_column(Text)
    arguments_digest: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text, default="issued")
    issued_to: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_lock_id: Mapped[UUID | None]


def columns() -> Any:
    """Return the table of locks, for set-based reads."""
    return WorkflowLock.__table__
