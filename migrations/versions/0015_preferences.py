"""What people want to be told and when; messages that wait for a digest or for the morning."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import tenant_policy

revision = "0015_preferences"
down_revision = "0014_permissions"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLE = "notification_preferences"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column(
            "user_id", sa.Uuid, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
        sa.UniqueConstraint("company_id", "user_id", name="uq_notification_preferences_user"),
    )
    op.create_index(f"ix_{TABLE}_company_id", TABLE, ["company_id"])
    tenant_policy(TABLE)
    op.add_column("notifications", sa.Column("shown_from", AT))
    op.add_column("deliveries", sa.Column("urgent", sa.Boolean, nullable=False, server_default="f"))
    op.add_column("deliveries", sa.Column("waits", sa.Text, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("not_before", AT))
    op.add_column("deliveries", sa.Column("digest_id", sa.Uuid))
    op.create_foreign_key(
        "fk_deliveries_digest_id",
        "deliveries",
        "deliveries",
        ["digest_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_check_constraint("waits", "deliveries", "waits in ('', 'quiet', 'digest')")
    op.create_index("ix_deliveries_digest_id", "deliveries", ["digest_id"])
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["user_id", "not_before"],
        postgresql_where=sa.text("state = 'pending' and waits <> ''"),
    )


def downgrade() -> None:
    for name in ("digest_id", "not_before", "waits", "urgent"):
        op.drop_column("deliveries", name)
    op.drop_column("notifications", "shown_from")
    op.drop_table(TABLE)
