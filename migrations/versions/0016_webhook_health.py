"""How webhook endpoints fare, and the secret before a new one."""

import sqlalchemy as sa
from alembic import op

revision = "0016_webhook_health"
down_revision = "0015_preferences"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLE = "webhook_endpoints"
COLUMNS = ("failing_since", "rests_until", "older_secret", "older_until")


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("failing_since", AT))
    op.add_column(TABLE, sa.Column("rests_until", AT))
    op.add_column(TABLE, sa.Column("older_secret", sa.Text))
    op.add_column(TABLE, sa.Column("older_until", AT))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column(TABLE, name)
