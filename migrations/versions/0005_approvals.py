"""approvals."""

revision = "0005_approvals"
down_revision = "0004_workflow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
