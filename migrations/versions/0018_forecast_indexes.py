"""Indexes for what the forecast asks: how past clocks ended, and when levels were reached."""

from migrations.helpers import drop_index_while_in_use, index_while_in_use

revision = "0018_forecast_indexes"
down_revision = "0017_audit_partitions"
branch_labels = None
depends_on = None

PAST = (
    "sla_clocks (company_id, completed_at) include (definition_id, team, elapsed_seconds,"
    " target_seconds, status, breached_at) where completed_at is not null"
)


def upgrade() -> None:
    index_while_in_use("ix_sla_crossings_at", "sla_crossings (company_id, at)")
    index_while_in_use("ix_sla_clocks_past", PAST)
    drop_index_while_in_use("ix_sla_clocks_completed")


def downgrade() -> None:
    index_while_in_use(
        "ix_sla_clocks_completed",
        "sla_clocks (company_id, completed_at) where completed_at is not null",
    )
    drop_index_while_in_use("ix_sla_clocks_past")
    drop_index_while_in_use("ix_sla_crossings_at")
