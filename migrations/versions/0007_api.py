"""api."""

revision = "0007_api"
down_revision = "0006_notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
