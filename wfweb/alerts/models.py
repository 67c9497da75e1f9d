"""Tables of rules and alerts; those of metrics and hooks are beside them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.alerts.hook_models import HookEndpoint, HookReceipt
from wfweb.alerts.metric_models import Metric, MetricLatest, MetricReading, MetricSubject
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned, acting_company

__all__ = [
    "Alert",
    "AlertNote",
    "AlertRule",
    "AlertSilence",
    "AlertState",
    "AlertTelling",
    "HookEndpoint",
    "HookReceipt",
    "Metric",
    "MetricLatest",
    "MetricReading",
    "MetricSubject",
]

TYPES = ("inventory", "sla", "threshold", "schedule", "event")
SEVERITIES = ("info", "warning", "critical", "urgent")
STATUSES = ("active", "acknowledged", "resolved", "expired", "escalated")
OPEN_STATUSES = ("active", "acknowledged", "escalated")
HELD_BACK = ("cooldown", "daily_cap", "silenced")
_OPEN = f"status in {OPEN_STATUSES}"


def _of(table: str, column: str, target: str, *, cascade: bool = True) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["company_id", column],
        [f"{target}.company_id", f"{target}.id"],
        name=f"fk_{table}_{column.removesuffix('_id')}",
        ondelete="CASCADE" if cascade else None,
    )


class AlertRule(Id, Tenant, Versioned, Stamps, Base):
    """When to raise an alert, and whom to tell. ``metrics`` and ``event_name`` repeat the body.

    ``error`` says why the rule cannot be evaluated now; the rule stays active and is tried
    again, so it is never silently off.
    """

    __tablename__ = "alert_rules"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        CheckConstraint(f"type in {TYPES}", name="type"),
        CheckConstraint(f"severity in {SEVERITIES}", name="severity"),
        CheckConstraint("(error is null) = (error_at is null)", name="error"),
        UniqueConstraint("company_id", "code", name="uq_alert_rules_company_id_code"),
        UniqueConstraint("company_id", "id", name="uq_alert_rules_company_id_id"),
        Index("ix_alert_rules_next_run_at", "next_run_at", postgresql_where=text("active")),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    record_type_code: Mapped[str | None] = mapped_column(Text)
    body: Mapped[dict[str, Any]]
    metrics: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    event_name: Mapped[str | None] = mapped_column(Text)
    next_run_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    error: Mapped[str | None] = mapped_column(Text)
    error_at: Mapped[datetime | None]
    last_triggered_at: Mapped[datetime | None]
    triggered_count: Mapped[int] = mapped_column(default=0)


class Alert(Id, Tenant, Versioned, Base):
    """Something a rule found. ``subject_id`` is the record, or what the event was about.

    ``occurrences`` counts the folded repeats; ``holds`` tells whether the cause held when it
    was last looked at; ``held_back`` why nobody was told when it was raised.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint(f"severity in {SEVERITIES}", name="severity"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint(f"({_OPEN}) = (resolved_at is null)", name="resolved_at"),
        CheckConstraint(
            "status in ('active', 'escalated') or next_escalation_at is null", name="escalation"
        ),
        CheckConstraint("occurrences >= 1 and escalation_level >= 0", name="numbers"),
        CheckConstraint(f"held_back in {HELD_BACK}", name="held_back"),
        _of("alerts", "rule_id", "alert_rules", cascade=False),
        _of("alerts", "record_id", "records"),
        _of("alerts", "owner_id", "users", cascade=False),
        UniqueConstraint("company_id", "id", name="uq_alerts_company_id_id"),
        UniqueConstraint("company_id", "key", name="uq_alerts_company_id_key"),
        Index(
            "uq_alerts_open",
            "rule_id",
            "subject_id",
            unique=True,
            postgresql_where=text(_OPEN),
        ),
        Index("ix_alerts_newest", "company_id", "status", "raised_at", "id"),
        Index("ix_alerts_record", "record_id", "id"),
        Index("ix_alerts_expires_at", "expires_at", postgresql_where=text(_OPEN)),
    )

    # Without an index of its own: the one for lists begins with it.
    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company
    )
    key: Mapped[str] = mapped_column(Text)
    rule_id: Mapped[UUID]
    subject_id: Mapped[UUID]
    record_id: Mapped[UUID | None]
    record_type_code: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, default="active")
    title: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text, default="")
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    holds: Mapped[bool | None]
    raised_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    occurrences: Mapped[int] = mapped_column(default=1)
    told_at: Mapped[datetime | None]
    held_back: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[UUID | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by_id: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[UUID | None]
    resolution_notes: Mapped[str] = mapped_column(Text, default="")
    remind_at: Mapped[datetime | None]
    remind_every_minutes: Mapped[int | None]
    escalation_level: Mapped[int] = mapped_column(default=0)
    next_escalation_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to look at it."""
        return self.status in OPEN_STATUSES


class AlertState(Base):
    """What one rule remembers of one subject: raised or not, and when people were last told.

    In the database and not in a process, so that cooldown, cap and hysteresis survive restarts.
    """

    __tablename__ = "alert_states"
    __table_args__ = (
        CheckConstraint("told_count >= 0", name="told_count"),
        _of("alert_states", "rule_id", "alert_rules"),
        _of("alert_states", "record_id", "records"),
        Index("ix_alert_states_record", "record_id"),
    )

    rule_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    record_id: Mapped[UUID | None]
    raised: Mapped[bool]
    alert_id: Mapped[UUID | None]
    closed_by_hand_at: Mapped[datetime | None]
    last_told_at: Mapped[datetime | None]
    told_on: Mapped[date | None]
    told_count: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)


class AlertSilence(Id, Tenant, Base):
    """Nobody is told about a rule, a record or both until a moment; alerts stay what they are."""

    __tablename__ = "alert_silences"
    __table_args__ = (
        CheckConstraint("rule_id is not null or record_id is not null", name="bound"),
        CheckConstraint("until > created_at", name="until"),
        _of("alert_silences", "rule_id", "alert_rules"),
        _of("alert_silences", "record_id", "records"),
        Index(
            "ix_alert_silences_live",
            "company_id",
            "until",
            postgresql_where=text("ended_at is null"),
        ),
    )

    rule_id: Mapped[UUID | None]
    record_id: Mapped[UUID | None]
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    created_by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    created_by_name: Mapped[str] = mapped_column(Text, default=lambda: current_actor().name)
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None]


class AlertNote(Id, Tenant, Base):
    """What somebody wrote about an alert, or did with it; append-only."""

    __tablename__ = "alert_notes"
    __table_args__ = (
        _of("alert_notes", "alert_id", "alerts"),
        Index("ix_alert_notes_alert", "alert_id", "id"),
    )

    alert_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text, default="")
    by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    by_name: Mapped[str] = mapped_column(Text, default=lambda: current_actor().name)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class AlertTelling(Id, Tenant, Base):
    """That one person is told of one alert; ``waiting`` and then ``folded`` in a storm.

    ``grave`` alerts (critical, urgent) have an allowance of their own.
    """

    __tablename__ = "alert_tellings"
    __table_args__ = (
        CheckConstraint("kind in ('raised', 'escalated', 'reminder')", name="kind"),
        CheckConstraint("state in ('told', 'waiting', 'folded')", name="state"),
        _of("alert_tellings", "alert_id", "alerts"),
        ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name="fk_alert_tellings_user",
            ondelete="CASCADE",
        ),
        Index("ix_alert_tellings_alert", "alert_id"),
        Index("ix_alert_tellings_user", "user_id", "at"),
        Index("ix_alert_tellings_waiting", "user_id", postgresql_where=text("state = 'waiting'")),
    )

    alert_id: Mapped[UUID]
    user_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    grave: Mapped[bool]
    at: Mapped[datetime] = mapped_column(default=clock.now)
    told_at: Mapped[datetime | None]
