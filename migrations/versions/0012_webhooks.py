"""Webhooks: other systems' addresses, and what was sent to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import tenant_policy

revision = "0012_webhooks"
down_revision = "0011_locks"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)


def _company() -> sa.Column[object]:
    key = sa.ForeignKey("companies.id", ondelete="CASCADE")
    return sa.Column("company_id", sa.Uuid, key, nullable=False)


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid, primary_key=True),
        _company(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("stopped_because", sa.Text, nullable=False),
        sa.UniqueConstraint("company_id", "code", name="uq_webhook_endpoints_code"),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        sa.CheckConstraint("url ~ '^https?://'", name="url"),
    )
    op.create_index("ix_webhook_endpoints_company_id", "webhook_endpoints", ["company_id"])
    tenant_policy("webhook_endpoints")
    op.create_table(
        "webhook_calls",
        sa.Column("id", sa.Uuid, primary_key=True),
        _company(),
        sa.Column(
            "endpoint_id",
            sa.Uuid,
            sa.ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("payload", pg.JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("answer_status", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("outbox_id", sa.Uuid),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("delivered_at", AT),
        sa.UniqueConstraint("company_id", "endpoint_id", "key", name="uq_webhook_calls_key"),
        sa.CheckConstraint("state in ('pending', 'delivered', 'failed')", name="state"),
    )
    op.create_index("ix_webhook_calls_company_id", "webhook_calls", ["company_id"])
    op.create_index("ix_webhook_calls_newest", "webhook_calls", ["endpoint_id", "id"])
    tenant_policy("webhook_calls")


def downgrade() -> None:
    op.drop_table("webhook_calls")
    op.drop_table("webhook_endpoints")
