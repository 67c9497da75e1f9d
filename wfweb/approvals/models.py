"""Tables of approvals: requests, their levels and assignments, and the decisions.

A request is one round of asking about one exact content. Levels and assignments are the
electorate, frozen when a level opens; decisions are append-only and name what was shown.
Foreign keys carry the company, so that no row can point into another one.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Stamps, Versioned, acting_company

REQUEST_STATUSES = ("pending", "approved", "rejected", "cancelled", "escalated")
OPEN_STATUSES = ("pending", "escalated")
LEVEL_STATUSES = ("waiting", "open", "approved", "rejected", "skipped")
ASSIGNMENT_STATUSES = ("pending", "approved", "rejected", "delegated", "skipped")
DECISIONS = ("approve", "reject", "send_back", "delegate", "withdraw", "reassign")
QUORUMS = ("any", "all", "majority", "n_of_m")
ORDERINGS = ("parallel", "sequential")

IS_OPEN = text("status in ('pending', 'escalated')")
IS_ASKED = text("status = 'pending' and asked_at is not null")


def _of(table: str, column: str, target: str, *, cascade: bool = False) -> ForeignKeyConstraint:
    """Return the foreign key by which a row belongs to a row of the same company."""
    return ForeignKeyConstraint(
        ["company_id", column],
        [f"{target}.company_id", f"{target}.id"],
        name=f"fk_{table}_{column.removesuffix('_id')}",
        ondelete="CASCADE" if cascade else None,
    )


class Owned:
    """A row of one company, without an index of its own: others begin with the company."""

    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company
    )


class ApprovalRequest(Id, Owned, Versioned, Stamps, Base):
    """One round of asking whether exactly this content is approved.

    ``digest`` and ``snapshot`` are what deciders are shown now; ``config`` and
    ``rule_snapshot`` are the rule as it stood when the round began and never change (I-17).
    ``excluded_ids`` may not decide: the requester and the editors of material fields.
    """

    __tablename__ = "approval_requests"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_approval_requests_company_id_id"),
        UniqueConstraint("company_id", "key", "round", name="uq_approval_requests_key_round"),
        _of("approval_requests", "record_id", "records"),
        _of("approval_requests", "requester_id", "users"),
        _of("approval_requests", "previous_id", "approval_requests"),
        # The second line of defence: no two open questions about one instance (I-03).
        Index("uq_approval_requests_open", "instance_id", unique=True, postgresql_where=IS_OPEN),
        Index("ix_approval_requests_instance", "instance_id", "state"),
        Index("ix_approval_requests_record", "record_id"),
        Index("ix_approval_requests_requester", "company_id", "requester_id", "id"),
        Index(
            "ix_approval_requests_requester_open",
            "company_id",
            "requester_id",
            "id",
            postgresql_where=IS_OPEN,
        ),
        Index(
            "ix_approval_requests_at_risk",
            "company_id",
            "id",
            postgresql_where=text("at_risk and status in ('pending', 'escalated')"),
        ),
        CheckConstraint(f"status in {REQUEST_STATUSES}", name="status"),
        CheckConstraint(
            "(status in ('pending', 'escalated')) = (decided_at is null)", name="decided_at"
        ),
        CheckConstraint("at_risk = (at_risk_reason is not null)", name="at_risk_reason"),
        CheckConstraint("round >= 1 and levels_total between 0 and 10", name="numbers"),
        CheckConstraint("current_level between 0 and levels_total", name="current_level"),
    )

    key: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(default=1)
    previous_id: Mapped[UUID | None]
    instance_id: Mapped[UUID] = mapped_column(ForeignKey("workflow_instances.id"))
    state: Mapped[str] = mapped_column(Text)
    record_id: Mapped[UUID]
    record_type_id: Mapped[UUID]
    record_type_code: Mapped[str] = mapped_column(Text)
    record_key: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(38, 10))
    currency: Mapped[str | None] = mapped_column(Text)
    requester_id: Mapped[UUID | None]
    excluded_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    record_version: Mapped[int]
    digest: Mapped[str] = mapped_column(Text)
    snapshot: Mapped[dict[str, Any]]
    config: Mapped[dict[str, Any]]
    rule_snapshot: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(Text, default="pending")
    outcome_reason: Mapped[str | None] = mapped_column(Text)
    outcome_comment: Mapped[str | None] = mapped_column(Text)
    current_level: Mapped[int] = mapped_column(default=0)
    levels_total: Mapped[int]
    escalations: Mapped[int] = mapped_column(default=0)
    at_risk: Mapped[bool] = mapped_column(default=False)
    at_risk_reason: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]


class ApprovalLevel(Id, Owned, Base):
    """One step of the chain: who is asked and how many have to agree.

    ``spec`` is the rule, pinned; ``resolution`` says whom it found when the level opened, why
    each of them, and who was left out. ``kept_from_id`` names the level of an earlier round
    whose approval still holds, because the edit touched nothing that its rule reads.
    """

    __tablename__ = "approval_levels"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_approval_levels_company_id_id"),
        UniqueConstraint("request_id", "number", name="uq_approval_levels_number"),
        _of("approval_levels", "request_id", "approval_requests", cascade=True),
        CheckConstraint(f"status in {LEVEL_STATUSES}", name="status"),
        CheckConstraint(f"quorum in {QUORUMS}", name="quorum"),
        CheckConstraint(f"ordering in {ORDERINGS}", name="ordering"),
        CheckConstraint("number between 1 and 10", name="number"),
        CheckConstraint("min_approvers >= 1", name="min_approvers"),
    )

    request_id: Mapped[UUID]
    number: Mapped[int]
    name: Mapped[str] = mapped_column(Text)
    quorum: Mapped[str] = mapped_column(Text)
    min_approvers: Mapped[int | None]
    ordering: Mapped[str] = mapped_column(Text, default="parallel")
    status: Mapped[str] = mapped_column(Text, default="waiting")
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime | None]
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rule_text: Mapped[str] = mapped_column(Text)
    spec: Mapped[dict[str, Any]]
    resolution: Mapped[dict[str, Any] | None]
    kept_from_id: Mapped[UUID | None]


class ApprovalAssignment(Id, Owned, Base):
    """One person's seat at one level; ``asked_at`` is empty until it is their turn.

    ``changed_at`` moves with everything the person sees about it, so that a poll can ask
    one index whether there is news.
    """

    __tablename__ = "approval_assignments"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_approval_assignments_company_id_id"),
        _of("approval_assignments", "request_id", "approval_requests", cascade=True),
        _of("approval_assignments", "level_id", "approval_levels", cascade=True),
        _of("approval_assignments", "user_id", "users"),
        # One open seat a person and level: nobody counts twice (I-11).
        Index(
            "uq_approval_assignments_open_seat",
            "level_id",
            "user_id",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_approval_assignments_request", "request_id", "user_id"),
        Index(
            "ix_approval_assignments_waiting",
            "company_id",
            "user_id",
            text("coalesce(due_at, 'infinity'::timestamptz)"),
            "id",
            postgresql_include=["request_id", "on_behalf_of_id"],
            postgresql_where=IS_ASKED,
        ),
        Index("ix_approval_assignments_changed", "user_id", "changed_at"),
        CheckConstraint(f"status in {ASSIGNMENT_STATUSES}", name="status"),
        CheckConstraint("(status = 'pending') = (closed_at is null)", name="closed_at"),
        CheckConstraint("on_behalf_of_id <> user_id", name="not_for_oneself"),
    )

    request_id: Mapped[UUID]
    level_id: Mapped[UUID]
    user_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(default=1)
    status: Mapped[str] = mapped_column(Text, default="pending")
    asked_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    role_id: Mapped[UUID | None]
    on_behalf_of_id: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)


class ApprovalDecision(Id, Owned, Base):
    """What somebody decided, on exactly which content; never changed afterwards.

    Decisions of the system (a named rule approved automatically, a level timed out) have
    neither assignment nor user. ``carried_from_id`` marks an approval that was counted at
    the next level as well, because the same person was asked there.
    """

    __tablename__ = "approval_decisions"
    __table_args__ = (
        UniqueConstraint("assignment_id", name="uq_approval_decisions_assignment_id"),
        UniqueConstraint(
            "company_id", "user_id", "idempotency_key", name="uq_approval_decisions_idempotency"
        ),
        _of("approval_decisions", "request_id", "approval_requests"),
        _of("approval_decisions", "assignment_id", "approval_assignments"),
        _of("approval_decisions", "user_id", "users"),
        Index("ix_approval_decisions_request", "request_id", "id"),
        Index("ix_approval_decisions_user", "company_id", "user_id", "id"),
        CheckConstraint(f"decision in {DECISIONS}", name="decision"),
        CheckConstraint(
            "decision not in ('reject', 'send_back')"
            " or coalesce(reason_code, '') <> '' or coalesce(comment, '') <> ''",
            name="reason",
        ),
    )

    assignment_id: Mapped[UUID | None]
    request_id: Mapped[UUID]
    level_number: Mapped[int]
    user_id: Mapped[UUID | None]
    user_name: Mapped[str] = mapped_column(Text)
    on_behalf_of_id: Mapped[UUID | None]
    decision: Mapped[str] = mapped_column(Text)
    reason_code: Mapped[str | None] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, default="")
    digest: Mapped[str] = mapped_column(Text)
    record_version: Mapped[int]
    channel: Mapped[str] = mapped_column(Text)
    carried_from_id: Mapped[UUID | None]
    idempotency_key: Mapped[str | None] = mapped_column(Text)
    request_status: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class ApprovalSnapshot(Owned, Base):
    """A content that a round once showed and that has changed since; for the difference."""

    __tablename__ = "approval_snapshots"
    __table_args__ = (_of("approval_snapshots", "request_id", "approval_requests", cascade=True),)

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    snapshot: Mapped[dict[str, Any]]
    record_version: Mapped[int]
    replaced_at: Mapped[datetime] = mapped_column(default=clock.now)


class ApprovalView(Owned, Base):
    """What somebody last saw of a request, for "changed since you looked"."""

    __tablename__ = "approval_views"
    __table_args__ = (
        _of("approval_views", "request_id", "approval_requests", cascade=True),
        ForeignKeyConstraint(
            ["company_id", "user_id"],
            ["users.company_id", "users.id"],
            name="fk_approval_views_user",
            ondelete="CASCADE",
        ),
    )

    request_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Text)
    record_version: Mapped[int]
    seen_at: Mapped[datetime] = mapped_column(default=clock.now)


class ApprovalMatrix(Id, Owned, Versioned, Stamps, Base):
    """A decision table that says who approves what; its rules are in its versions."""

    __tablename__ = "approval_matrices"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_approval_matrices_company_id_id"),
        UniqueConstraint("company_id", "code", name="uq_approval_matrices_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,49}$'", name="code"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    record_type_code: Mapped[str | None] = mapped_column(Text)
    retired_at: Mapped[datetime | None]


class ApprovalMatrixVersion(Id, Owned, Versioned, Stamps, Base):
    """One version of a matrix: a draft, or published and never changed again.

    It applies from ``effective_from`` until ``effective_to`` (empty: until another one).
    """

    __tablename__ = "approval_matrix_versions"
    __table_args__ = (
        UniqueConstraint("matrix_id", "number", name="uq_approval_matrix_versions_number"),
        _of("approval_matrix_versions", "matrix_id", "approval_matrices", cascade=True),
        Index(
            "uq_approval_matrix_versions_draft",
            "matrix_id",
            unique=True,
            postgresql_where=text("status = 'draft'"),
        ),
        Index(
            "ix_approval_matrix_versions_effective",
            "matrix_id",
            "effective_from",
            postgresql_where=text("status = 'published'"),
        ),
        CheckConstraint("status in ('draft', 'published')", name="status"),
        CheckConstraint("effective_to > effective_from", name="effective"),
        CheckConstraint(
            "status = 'draft' or (published_at is not null and effective_from is not null)",
            name="published",
        ),
    )

    matrix_id: Mapped[UUID]
    number: Mapped[int]
    status: Mapped[str] = mapped_column(Text, default="draft")
    body: Mapped[dict[str, Any]]
    effective_from: Mapped[datetime | None]
    effective_to: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
