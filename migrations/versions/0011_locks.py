"""Governance locks, their functions and triggers; permits."""

revision = "0011_locks"
down_revision = "0010_alerts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
