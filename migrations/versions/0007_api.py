"""The requests that were already carried out, by their idempotency key."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import system_policy

revision = "0007_api"
down_revision = "0006_notifications"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("principal_id", sa.Uuid, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("headers", pg.JSONB, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=False),
        sa.CheckConstraint("length(key) between 1 and 255", name="key"),
        sa.CheckConstraint("status between 200 and 299", name="status"),
    )
    op.create_index("ix_idempotency_keys_company_id", "idempotency_keys", ["company_id"])
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    # The purge works for all companies at once.
    system_policy("idempotency_keys")


def downgrade() -> None:
    op.drop_table("idempotency_keys")
