"""Business calendars, their versions and holidays."""

revision = "0008_calendars"
down_revision = "0007_api"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
