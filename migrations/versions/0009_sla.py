"""Service levels: definitions, clocks, their ledger and crossings."""

revision = "0009_sla"
down_revision = "0008_calendars"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
