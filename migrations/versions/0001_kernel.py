"""Companies, keys, outbox, timers, recurring jobs and the audit trail."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import ROLE, append_only, system_policy, tenant_policy

revision = "0001_kernel"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
AT = sa.DateTime(timezone=True)


def run_sql(name: str) -> None:
    """Run a file of ``migrations/sql``."""
    op.get_bind().exec_driver_sql((SQL / name).read_text(encoding="utf-8").replace("%", "%%"))


def upgrade() -> None:
    run_sql("application_role.sql")
    op.execute(f"grant select on alembic_version to {ROLE}")
    run_sql("refuse_change.sql")
    _companies()
    _outbox()
    _timers()
    _audit()


def _companies() -> None:
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("created_at", AT, nullable=False),
    )
    system_policy("companies", "id")
    op.create_table(
        "key_counters",
        sa.Column(
            "company_id",
            sa.Uuid,
            sa.ForeignKey("companies.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("prefix", sa.Text, primary_key=True),
        sa.Column("last_number", sa.Integer, nullable=False),
    )
    tenant_policy("key_counters")


def _outbox() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("payload", pg.JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("unfinished_claims", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("next_at", AT, nullable=False),
        sa.Column("relayed_at", AT),
        sa.Column("lease_until", AT),
        sa.Column("lease_token", sa.Uuid),
        sa.Column("done_at", AT),
        sa.Column("last_error", sa.Text),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.CheckConstraint(
            "state in ('pending', 'claimed', 'done', 'dead', 'quarantined')",
            name="state",
        ),
        sa.UniqueConstraint("company_id", "kind", "key", name="uq_outbox_messages_key"),
    )
    op.create_index("ix_outbox_messages_company_id", "outbox_messages", ["company_id"])
    _partial("ix_outbox_messages_due", "outbox_messages", "next_at", "state = 'pending'")
    _partial("ix_outbox_messages_lease", "outbox_messages", "lease_until", "state = 'claimed'")
    _partial(
        "ix_outbox_messages_failed", "outbox_messages", "id", "state in ('dead', 'quarantined')"
    )
    system_policy("outbox_messages")


def _timers() -> None:
    op.create_table(
        "timers",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_type", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("fire_key", sa.Text, nullable=False),
        sa.Column("due_at", AT, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("payload", pg.JSONB, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("fired_at", AT),
        sa.CheckConstraint("state in ('armed', 'fired', 'cancelled', 'dead')", name="state"),
        sa.UniqueConstraint("kind", "subject_id", "fire_key", name="uq_timers_fire_key"),
    )
    op.create_index("ix_timers_company_id", "timers", ["company_id"])
    _partial("ix_timers_due", "timers", "due_at", "state = 'armed'")
    _partial("ix_timers_subject", "timers", "subject_id", "state = 'armed'")
    system_policy("timers")
    op.create_table(
        "recurring_jobs",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("next_at", AT, nullable=False),
        sa.Column("last_at", AT),
        sa.Column("last_error", sa.Text),
    )
    op.execute(f"grant select, insert, update on recurring_jobs to {ROLE}")


def _audit() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("at", AT, nullable=False),
        sa.Column("company_id", sa.Uuid, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("target_type", sa.Text, nullable=False),
        sa.Column("target_id", sa.Uuid),
        sa.Column("target_label", sa.Text, nullable=False),
        sa.Column("old_values", pg.JSONB),
        sa.Column("new_values", pg.JSONB),
        sa.Column("changed_fields", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("details", pg.JSONB),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("actor_name", sa.Text, nullable=False),
        sa.Column("on_behalf_of_id", sa.Uuid),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ip", pg.INET),
        sa.Column("user_agent", sa.Text),
        sa.Column("session_id", sa.Uuid),
        sa.Column("correlation_id", sa.Uuid, nullable=False),
        sa.Column("instance_id", sa.Uuid),
        sa.Column("request_id", sa.Uuid),
        sa.Column("risk", sa.Text),
        sa.CheckConstraint("risk in ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')", name="risk"),
        sa.PrimaryKeyConstraint("id", "at"),
        postgresql_partition_by="RANGE (at)",
    )
    for name, columns in (
        ("target", ["company_id", "target_id", "at"]),
        ("correlation", ["company_id", "correlation_id"]),
        ("actor", ["company_id", "actor_id", "at"]),
    ):
        op.create_index(f"ix_audit_events_{name}", "audit_events", columns)
    op.execute("create table audit_events_default partition of audit_events default")
    op.execute("alter table audit_events_default enable row level security")
    append_only("audit_events")
    run_sql("audit_partitions.sql")
    op.execute("select audit_ensure_partitions(3)")


def _partial(name: str, table: str, column: str, condition: str) -> None:
    op.create_index(name, table, [column], postgresql_where=sa.text(condition))


def downgrade() -> None:
    op.execute("drop function audit_ensure_partitions(integer)")
    for table in (
        "audit_events",
        "recurring_jobs",
        "timers",
        "outbox_messages",
        "key_counters",
        "companies",
    ):
        op.drop_table(table)
    op.execute("drop function refuse_change()")
