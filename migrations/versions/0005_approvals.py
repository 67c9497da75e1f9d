"""Requests, levels, assignments, decisions, what was shown to whom, and approval matrices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import append_only, tenant_policy

revision = "0005_approvals"
down_revision = "0004_workflow"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLES = (
    "approval_requests",
    "approval_levels",
    "approval_assignments",
    "approval_decisions",
    "approval_snapshots",
    "approval_views",
    "approval_matrices",
    "approval_matrix_versions",
)


def upgrade() -> None:
    _requests()
    _levels()
    _assignments()
    _decisions()
    _snapshots()
    _views()
    _matrices()
    _matrix_versions()
    # Rows that change while they wait for people: leave room for the second version.
    for table in ("approval_requests", "approval_levels", "approval_assignments"):
        op.execute(f"alter table {table} set (fillfactor = 85)")


def _company() -> "sa.Column[object]":
    return sa.Column(
        "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
    )


def _row() -> "list[sa.Column[object]]":
    return [sa.Column("id", sa.Uuid, primary_key=True), _company()]


def _stamps() -> "list[sa.Column[object]]":
    return [
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
    ]


def _of(table: str, column: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id", column],
        [f"{target}.company_id", f"{target}.id"],
        name=f"fk_{table}_{column.removesuffix('_id')}",
        ondelete="CASCADE" if cascade else None,
    )


def _requests() -> None:
    op.create_table(
        "approval_requests",
        *_row(),
        *_stamps(),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("previous_id", sa.Uuid),
        sa.Column("instance_id", sa.Uuid, sa.ForeignKey("workflow_instances.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("record_type_id", sa.Uuid, nullable=False),
        sa.Column("record_type_code", sa.Text, nullable=False),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("amount", sa.Numeric(38, 10)),
        sa.Column("currency", sa.Text),
        sa.Column("requester_id", sa.Uuid),
        sa.Column("excluded_ids", pg.ARRAY(sa.Uuid), nullable=False),
        sa.Column("record_version", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("snapshot", pg.JSONB, nullable=False),
        sa.Column("config", pg.JSONB, nullable=False),
        sa.Column("rule_snapshot", pg.JSONB, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("outcome_reason", sa.Text),
        sa.Column("outcome_comment", sa.Text),
        sa.Column("current_level", sa.Integer, nullable=False),
        sa.Column("levels_total", sa.Integer, nullable=False),
        sa.Column("escalations", sa.Integer, nullable=False),
        sa.Column("at_risk", sa.Boolean, nullable=False),
        sa.Column("at_risk_reason", sa.Text),
        sa.Column("due_at", AT),
        sa.Column("decided_at", AT),
        sa.CheckConstraint("at_risk = (at_risk_reason is not null)", name="at_risk_reason"),
        sa.CheckConstraint("current_level between 0 and levels_total", name="current_level"),
        sa.CheckConstraint(
            "(status in ('pending', 'escalated')) = (decided_at is null)", name="decided_at"
        ),
        sa.CheckConstraint("round >= 1 and levels_total between 0 and 10", name="numbers"),
        sa.CheckConstraint(
            "status in ('pending', 'approved', 'rejected', 'cancelled', 'escalated')", name="status"
        ),
        _of("approval_requests", "previous_id", "approval_requests"),
        _of("approval_requests", "record_id", "records"),
        _of("approval_requests", "requester_id", "users"),
        sa.UniqueConstraint("company_id", "id", name="uq_approval_requests_company_id_id"),
        sa.UniqueConstraint("company_id", "key", "round", name="uq_approval_requests_key_round"),
    )
    op.create_index(
        "ix_approval_requests_at_risk",
        "approval_requests",
        ["company_id", "id"],
        postgresql_where=sa.text("at_risk and status in ('pending', 'escalated')"),
    )
    op.create_index("ix_approval_requests_instance", "approval_requests", ["instance_id", "state"])
    op.create_index("ix_approval_requests_record", "approval_requests", ["record_id"])
    op.create_index(
        "ix_approval_requests_requester", "approval_requests", ["company_id", "requester_id", "id"]
    )
    op.create_index(
        "ix_approval_requests_requester_open",
        "approval_requests",
        ["company_id", "requester_id", "id"],
        postgresql_where=sa.text("status in ('pending', 'escalated')"),
    )
    op.create_index(
        "uq_approval_requests_open",
        "approval_requests",
        ["instance_id"],
        unique=True,
        postgresql_where=sa.text("status in ('pending', 'escalated')"),
    )
    tenant_policy("approval_requests")


def _levels() -> None:
    op.create_table(
        "approval_levels",
        *_row(),
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("quorum", sa.Text, nullable=False),
        sa.Column("min_approvers", sa.Integer),
        sa.Column("ordering", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("opened_at", AT),
        sa.Column("closed_at", AT),
        sa.Column("closed_because", sa.Text),
        sa.Column("due_at", AT),
        sa.Column("rule_text", sa.Text, nullable=False),
        sa.Column("spec", pg.JSONB, nullable=False),
        sa.Column("resolution", pg.JSONB),
        sa.Column("kept_from_id", sa.Uuid),
        sa.CheckConstraint("min_approvers >= 1", name="min_approvers"),
        sa.CheckConstraint("number between 1 and 10", name="number"),
        sa.CheckConstraint("ordering in ('parallel', 'sequential')", name="ordering"),
        sa.CheckConstraint("quorum in ('any', 'all', 'majority', 'n_of_m')", name="quorum"),
        sa.CheckConstraint(
            "status in ('waiting', 'open', 'approved', 'rejected', 'skipped')", name="status"
        ),
        _of("approval_levels", "request_id", "approval_requests", cascade=True),
        sa.UniqueConstraint("company_id", "id", name="uq_approval_levels_company_id_id"),
        sa.UniqueConstraint("request_id", "number", name="uq_approval_levels_number"),
    )
    tenant_policy("approval_levels")


def _assignments() -> None:
    op.create_table(
        "approval_assignments",
        *_row(),
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("level_id", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("asked_at", AT),
        sa.Column("due_at", AT),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("role_id", sa.Uuid),
        sa.Column("on_behalf_of_id", sa.Uuid),
        sa.Column("closed_at", AT),
        sa.Column("closed_because", sa.Text),
        sa.Column("changed_at", AT, nullable=False),
        sa.CheckConstraint("(status = 'pending') = (closed_at is null)", name="closed_at"),
        sa.CheckConstraint("on_behalf_of_id <> user_id", name="not_for_oneself"),
        sa.CheckConstraint(
            "status in ('pending', 'approved', 'rejected', 'delegated', 'skipped')", name="status"
        ),
        _of("approval_assignments", "level_id", "approval_levels", cascade=True),
        _of("approval_assignments", "request_id", "approval_requests", cascade=True),
        _of("approval_assignments", "user_id", "users"),
        sa.UniqueConstraint("company_id", "id", name="uq_approval_assignments_company_id_id"),
    )
    op.create_index(
        "ix_approval_assignments_changed", "approval_assignments", ["user_id", "changed_at"]
    )
    op.create_index(
        "ix_approval_assignments_request", "approval_assignments", ["request_id", "user_id"]
    )
    op.create_index(
        "ix_approval_assignments_waiting",
        "approval_assignments",
        ["company_id", "user_id", sa.text("coalesce(due_at, 'infinity'::timestamptz)"), "id"],
        postgresql_where=sa.text("status = 'pending' and asked_at is not null"),
        postgresql_include=["request_id", "on_behalf_of_id"],
    )
    op.create_index(
        "uq_approval_assignments_open_seat",
        "approval_assignments",
        ["level_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )
    tenant_policy("approval_assignments")


def _decisions() -> None:
    op.create_table(
        "approval_decisions",
        *_row(),
        sa.Column("assignment_id", sa.Uuid),
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("level_number", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Uuid),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("on_behalf_of_id", sa.Uuid),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("reason_code", sa.Text),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("record_version", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("carried_from_id", sa.Uuid),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("request_status", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.CheckConstraint(
            "decision in ('approve', 'reject', 'send_back', 'delegate', 'withdraw', 'reassign')",
            name="decision",
        ),
        sa.CheckConstraint(
            "decision not in ('reject', 'send_back') or coalesce(reason_code, '') <> ''"
            " or coalesce(comment, '') <> ''",
            name="reason",
        ),
        _of("approval_decisions", "assignment_id", "approval_assignments"),
        _of("approval_decisions", "request_id", "approval_requests"),
        _of("approval_decisions", "user_id", "users"),
        sa.UniqueConstraint("assignment_id", name="uq_approval_decisions_assignment_id"),
        sa.UniqueConstraint(
            "company_id", "user_id", "idempotency_key", name="uq_approval_decisions_idempotency"
        ),
    )
    op.create_index("ix_approval_decisions_request", "approval_decisions", ["request_id", "id"])
    op.create_index(
        "ix_approval_decisions_user", "approval_decisions", ["company_id", "user_id", "id"]
    )
    append_only("approval_decisions")


def _snapshots() -> None:
    op.create_table(
        "approval_snapshots",
        _company(),
        sa.Column("request_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("snapshot", pg.JSONB, nullable=False),
        sa.Column("record_version", sa.Integer, nullable=False),
        sa.Column("replaced_at", AT, nullable=False),
        _of("approval_snapshots", "request_id", "approval_requests", cascade=True),
    )
    append_only("approval_snapshots")


def _views() -> None:
    op.create_table(
        "approval_views",
        _company(),
        sa.Column("request_id", sa.Uuid, primary_key=True),
        sa.Column("user_id", sa.Uuid, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("record_version", sa.Integer, nullable=False),
        sa.Column("seen_at", AT, nullable=False),
        _of("approval_views", "request_id", "approval_requests", cascade=True),
        _of("approval_views", "user_id", "users", cascade=True),
    )
    tenant_policy("approval_views")


def _matrices() -> None:
    op.create_table(
        "approval_matrices",
        *_row(),
        *_stamps(),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("record_type_code", sa.Text),
        sa.Column("retired_at", AT),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,49}$'", name="code"),
        sa.UniqueConstraint("company_id", "code", name="uq_approval_matrices_code"),
        sa.UniqueConstraint("company_id", "id", name="uq_approval_matrices_company_id_id"),
    )
    tenant_policy("approval_matrices")


def _matrix_versions() -> None:
    op.create_table(
        "approval_matrix_versions",
        *_row(),
        *_stamps(),
        sa.Column("matrix_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("effective_from", AT),
        sa.Column("effective_to", AT),
        sa.Column("published_at", AT),
        sa.Column("published_by_id", sa.Uuid, sa.ForeignKey("users.id")),
        sa.CheckConstraint("effective_to > effective_from", name="effective"),
        sa.CheckConstraint(
            "status = 'draft' or (published_at is not null and effective_from is not null)",
            name="published",
        ),
        sa.CheckConstraint("status in ('draft', 'published')", name="status"),
        _of("approval_matrix_versions", "matrix_id", "approval_matrices", cascade=True),
        sa.UniqueConstraint("matrix_id", "number", name="uq_approval_matrix_versions_number"),
    )
    op.create_index(
        "ix_approval_matrix_versions_effective",
        "approval_matrix_versions",
        ["matrix_id", "effective_from"],
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index(
        "uq_approval_matrix_versions_draft",
        "approval_matrix_versions",
        ["matrix_id"],
        unique=True,
        postgresql_where=sa.text("status = 'draft'"),
    )
    tenant_policy("approval_matrix_versions")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
