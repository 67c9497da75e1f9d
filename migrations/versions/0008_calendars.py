"""Business calendars, their versions, and the receipt of a level's due time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import add_permission, append_only, tenant_policy

revision = "0008_calendars"
down_revision = "0007_api"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TABLES = ("business_calendars", "calendar_versions")


def upgrade() -> None:
    _calendars()
    _versions()
    op.add_column("approval_levels", sa.Column("receipt", pg.JSONB))
    add_permission("calendars.edit", like="matrices.edit")


def _row() -> "list[sa.Column[object]]":
    company = sa.ForeignKey("companies.id", ondelete="CASCADE")
    return [
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("company_id", sa.Uuid, company, nullable=False),
    ]


def _calendars() -> None:
    op.create_table(
        "business_calendars",
        *_row(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("current_number", sa.Integer, nullable=False),
        sa.Column("draft", pg.JSONB),
        sa.Column("deleted_at", AT),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,49}$'", name="code"),
        sa.CheckConstraint(
            "not is_default or (current_number > 0 and deleted_at is null)", name="default"
        ),
        sa.UniqueConstraint("company_id", "id", name="uq_business_calendars_company_id_id"),
    )
    for name, columns, condition in (
        ("uq_business_calendars_code", ["company_id", "code"], "deleted_at is null"),
        ("uq_business_calendars_default", ["company_id"], "is_default"),
    ):
        where = sa.text(condition)
        op.create_index(name, "business_calendars", columns, unique=True, postgresql_where=where)
    tenant_policy("business_calendars")


def _versions() -> None:
    op.create_table(
        "calendar_versions",
        *_row(),
        sa.Column("calendar_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column("body", pg.JSONB, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("published_at", AT, nullable=False),
        sa.Column("published_by_id", sa.Uuid),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.ForeignKeyConstraint(
            ["company_id", "calendar_id"],
            ["business_calendars.company_id", "business_calendars.id"],
            name="fk_calendar_versions_calendar",
        ),
        sa.UniqueConstraint("calendar_id", "number", name="uq_calendar_versions_number"),
    )
    append_only("calendar_versions")


def downgrade() -> None:
    op.drop_column("approval_levels", "receipt")
    for table in reversed(TABLES):
        op.drop_table(table)
