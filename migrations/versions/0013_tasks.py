"""Tasks."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import tenant_policy

revision = "0013_tasks"
down_revision = "0012_webhooks"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("cause", sa.Text),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("priority", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("assignee_id", sa.Uuid, sa.ForeignKey("users.id")),
        sa.Column("role_code", sa.Text),
        sa.Column("record_id", sa.Uuid, sa.ForeignKey("records.id", ondelete="CASCADE")),
        sa.Column(
            "instance_id", sa.Uuid, sa.ForeignKey("workflow_instances.id", ondelete="SET NULL")
        ),
        sa.Column("due_at", AT),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("closed_at", AT),
        sa.Column("closed_by_id", sa.Uuid, sa.ForeignKey("users.id")),
        sa.UniqueConstraint("company_id", "key", name="uq_tasks_key"),
        sa.UniqueConstraint("company_id", "cause", name="uq_tasks_cause"),
        sa.CheckConstraint("status in ('open', 'done', 'cancelled')", name="status"),
        sa.CheckConstraint("priority in ('low', 'normal', 'high', 'urgent')", name="priority"),
        sa.CheckConstraint("assignee_id is not null or role_code is not null", name="somebody"),
        sa.CheckConstraint("(status = 'open') = (closed_at is null)", name="closed"),
    )
    op.create_index("ix_tasks_company_id", "tasks", ["company_id"])
    op.create_index("ix_tasks_assignee", "tasks", ["assignee_id", "due_at"], postgresql_where=OPEN)
    op.create_index(
        "ix_tasks_role", "tasks", ["company_id", "role_code", "due_at"], postgresql_where=OPEN
    )
    op.create_index("ix_tasks_record", "tasks", ["record_id"])
    tenant_policy("tasks")


def downgrade() -> None:
    op.drop_table("tasks")
