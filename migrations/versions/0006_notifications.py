"""Notices, deliveries and the words of messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import tenant_policy

revision = "0006_notifications"
down_revision = "0005_approvals"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLES = ("notifications", "deliveries", "message_templates")


def _base() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
    ]


def _words(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _user(on_delete: str, *, nullable: bool) -> sa.Column:
    key = sa.ForeignKey("users.id", ondelete=on_delete)
    return sa.Column("user_id", sa.Uuid, key, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "notifications",
        *_base(),
        _user("CASCADE", nullable=False),
        *_words("kind", "key", "title", "text", "url", "subject_type"),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("read_at", AT),
        sa.UniqueConstraint("company_id", "user_id", "key", name="uq_notifications_key"),
    )
    op.create_index("ix_notifications_user", "notifications", ["user_id", "id"])
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["user_id"],
        postgresql_where=sa.text("read_at is null"),
    )
    op.create_table(
        "deliveries",
        *_base(),
        *_words("channel", "kind", "key"),
        _user("SET NULL", nullable=True),
        *_words("address", "subject_line", "thread", "subject_type"),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("context", pg.JSONB, nullable=False),
        *_words("state"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("outbox_id", sa.Uuid),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("sent_at", AT),
        sa.CheckConstraint("state in ('pending', 'sent', 'skipped', 'failed')", name="state"),
        sa.UniqueConstraint("company_id", "key", name="uq_deliveries_key"),
    )
    op.create_index("ix_deliveries_newest", "deliveries", ["company_id", "id"])
    op.create_index("ix_deliveries_subject", "deliveries", ["subject_id"])
    op.create_table(
        "message_templates",
        *_base(),
        *_words("kind", "subject", "heading", "body", "button"),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
        sa.UniqueConstraint("company_id", "kind", name="uq_message_templates_kind"),
    )
    for table in TABLES:
        op.create_index(f"ix_{table}_company_id", table, ["company_id"])
        tenant_policy(table)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
