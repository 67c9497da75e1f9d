"""Metrics, alert rules, alerts, silences."""

revision = "0010_alerts"
down_revision = "0009_sla"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
