"""Workflow definitions, versions, instances and their history."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import append_only, tenant_policy

revision = "0004_workflow"
down_revision = "0003_records"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
AT = sa.DateTime(timezone=True)


def _company_row() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
    ]


def _stamps() -> list[sa.Column]:
    return [
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
    ]


def upgrade() -> None:
    _definitions()
    _versions()
    _instances()
    _history()


def _definitions() -> None:
    op.create_table(
        "workflow_definitions",
        *_company_row(),
        *_stamps(),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("live_version_id", sa.Uuid),
        sa.Column("record_type", sa.Text),
        sa.Column("trigger", sa.Text, nullable=False),
        sa.Column("next_start_at", AT),
        sa.UniqueConstraint("company_id", "code", name="uq_workflow_definitions_code"),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
    )
    op.create_index("ix_workflow_definitions_company_id", "workflow_definitions", ["company_id"])
    op.create_index(
        "ix_workflow_definitions_trigger",
        "workflow_definitions",
        ["company_id", "record_type", "trigger"],
        postgresql_where=sa.text("live_version_id is not null"),
    )
    tenant_policy("workflow_definitions")


def _versions() -> None:
    op.create_table(
        "workflow_versions",
        *_company_row(),
        *_stamps(),
        sa.Column(
            "definition_id", sa.Uuid, sa.ForeignKey("workflow_definitions.id"), nullable=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("published_at", AT),
        sa.Column("published_by_id", sa.Uuid),
        sa.Column("retired_at", AT),
        sa.UniqueConstraint("definition_id", "number", name="uq_workflow_versions_number"),
        sa.CheckConstraint("status in ('draft', 'published', 'retired')", name="status"),
    )
    op.create_index("ix_workflow_versions_company_id", "workflow_versions", ["company_id"])
    for name, status in (("draft", "draft"), ("live", "published")):
        op.create_index(
            f"uq_workflow_versions_{name}",
            "workflow_versions",
            ["definition_id"],
            unique=True,
            postgresql_where=sa.text(f"status = '{status}'"),
        )
    op.create_foreign_key(
        "fk_workflow_definitions_live",
        "workflow_definitions",
        "workflow_versions",
        ["live_version_id"],
        ["id"],
    )
    tenant_policy("workflow_versions")
    frozen = (SQL / "workflow_versions_frozen.sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(frozen.replace("%", "%%"))


def _instances() -> None:
    op.create_table(
        "workflow_instances",
        *_company_row(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column(
            "definition_id", sa.Uuid, sa.ForeignKey("workflow_definitions.id"), nullable=False
        ),
        sa.Column("version_id", sa.Uuid, sa.ForeignKey("workflow_versions.id"), nullable=False),
        sa.Column("definition_code", sa.Text, nullable=False),
        sa.Column("record_id", sa.Uuid, sa.ForeignKey("records.id")),
        sa.Column("exclusive", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("started_by_id", sa.Uuid),
        sa.Column("started_at", AT, nullable=False),
        sa.Column("entered_at", AT, nullable=False),
        sa.Column("due_at", AT),
        sa.Column("ended_at", AT),
        sa.Column("retry_count", sa.Integer, nullable=False),
        sa.Column("error_message", sa.Text),
        sa.Column("failed_step", pg.JSONB),
        sa.Column("context", pg.JSONB, nullable=False),
        sa.Column("steps", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "status in ('active', 'completed', 'cancelled', 'error', 'timeout')", name="status"
        ),
    )
    # Room for a second row version on the page: a step changes no indexed column.
    op.execute("alter table workflow_instances set (fillfactor = 80)")
    op.create_index("ix_workflow_instances_company_id", "workflow_instances", ["company_id"])
    op.create_index("ix_workflow_instances_record_id", "workflow_instances", ["record_id"])
    op.create_index(
        "uq_workflow_instances_active",
        "workflow_instances",
        ["company_id", "record_id", "definition_id"],
        unique=True,
        postgresql_where=sa.text("status in ('active', 'error') and exclusive"),
    )
    op.create_index(
        "ix_workflow_instances_open",
        "workflow_instances",
        ["version_id"],
        postgresql_where=sa.text("status = 'active'"),
    )
    op.create_index(
        "ix_workflow_instances_stuck",
        "workflow_instances",
        ["company_id", "id"],
        postgresql_where=sa.text("status in ('error', 'timeout')"),
    )
    tenant_policy("workflow_instances")


def _history() -> None:
    op.create_table(
        "workflow_history",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("company_id", sa.Uuid, nullable=False),
        sa.Column("instance_id", sa.Uuid, sa.ForeignKey("workflow_instances.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("from_state", sa.Text),
        sa.Column("to_state", sa.Text, nullable=False),
        sa.Column("transition_code", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.Column("on_behalf_of_id", sa.Uuid),
        sa.Column("comment", sa.Text),
        sa.Column("attachments", pg.JSONB),
        sa.Column("seconds_in_state", sa.BigInteger),
        sa.Column("at", AT, nullable=False),
        sa.UniqueConstraint("instance_id", "seq", name="uq_workflow_history_seq"),
        sa.CheckConstraint(
            "kind in ('transition', 'approval', 'rejection', 'timeout', 'escalation', 'system')",
            name="kind",
        ),
    )
    append_only("workflow_history")


def downgrade() -> None:
    op.drop_constraint("fk_workflow_definitions_live", "workflow_definitions", type_="foreignkey")
    for table in (
        "workflow_history",
        "workflow_instances",
        "workflow_versions",
        "workflow_definitions",
    ):
        op.drop_table(table)
    op.execute("drop function workflow_version_frozen()")
