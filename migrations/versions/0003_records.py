"""Record types, records and their versions, comments, files, links."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from migrations.helpers import append_only, tenant_policy

revision = "0003_records"
down_revision = "0002_identity"
branch_labels = None
depends_on = None

AT = sa.DateTime(timezone=True)
TEXTS = pg.ARRAY(sa.Text)


def upgrade() -> None:
    _types()
    _records()
    _versions()
    _comments()
    _attachments()
    _links()


def _row() -> "list[sa.Column[object]]":
    return [
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "company_id", sa.Uuid, sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False
        ),
    ]


def _stamps() -> "list[sa.Column[object]]":
    return [
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("created_by_id", sa.Uuid),
        sa.Column("updated_at", AT, nullable=False),
    ]


def _by() -> "list[sa.Column[object]]":
    return [
        sa.Column("by_id", sa.Uuid),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("at", AT, nullable=False),
    ]


def _of_record(column: str, name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id", column], ["records.company_id", "records.id"], name=name
    )


def _company_index(table: str) -> None:
    op.create_index(f"ix_{table}_company_id", table, ["company_id"])


def _types() -> None:
    op.create_table(
        "record_types",
        *_row(),
        *_stamps(),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("plural", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("key_prefix", sa.Text, nullable=False),
        sa.Column("icon", sa.Text, nullable=False),
        sa.Column("fields", pg.JSONB, nullable=False),
        sa.Column("totals", pg.JSONB, nullable=False),
        sa.Column("json_schema", pg.JSONB, nullable=False),
        sa.Column("title_template", sa.Text, nullable=False),
        sa.Column("amount_field", sa.Text),
        sa.Column("list_columns", TEXTS, nullable=False),
        sa.Column("searchable", TEXTS, nullable=False),
        sa.Column("pii_fields", TEXTS, nullable=False),
        sa.Column("material_fields", TEXTS, nullable=False),
        sa.Column("actions", pg.JSONB, nullable=False),
        sa.Column("default_workflow", sa.Text),
        sa.Column("permissions", pg.JSONB, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.UniqueConstraint("company_id", "code", name="uq_record_types_company_id_code"),
        sa.UniqueConstraint("company_id", "id", name="uq_record_types_company_id_id"),
        sa.UniqueConstraint(
            "company_id", "key_prefix", name="uq_record_types_company_id_key_prefix"
        ),
        sa.CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        sa.CheckConstraint("key_prefix ~ '^[A-Z][A-Z0-9]{1,7}$'", name="key_prefix"),
    )
    _company_index("record_types")
    tenant_policy("record_types")


def _records() -> None:
    op.create_table(
        "records",
        *_row(),
        *_stamps(),
        sa.Column("type_id", sa.Uuid, nullable=False),
        sa.Column("type_code", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("data", pg.JSONB, nullable=False),
        sa.Column("state", sa.Text),
        sa.Column("owner_id", sa.Uuid),
        sa.Column("amount", sa.Numeric(38, 10)),
        sa.Column("currency", sa.Text),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("origin_key", sa.Text),
        sa.Column("archived_at", AT),
        sa.UniqueConstraint("company_id", "key", name="uq_records_company_id_key"),
        sa.UniqueConstraint("company_id", "id", name="uq_records_company_id_id"),
        sa.UniqueConstraint("company_id", "origin_key", name="uq_records_company_id_origin_key"),
        sa.ForeignKeyConstraint(
            ["company_id", "type_id"],
            ["record_types.company_id", "record_types.id"],
            name="fk_records_type",
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "owner_id"], ["users.company_id", "users.id"], name="fk_records_owner"
        ),
    )
    _company_index("records")
    for name, columns in (
        ("newest", ["company_id", "type_id", "id"]),
        ("updated", ["company_id", "type_id", "updated_at", "id"]),
        (
            "amount",
            ["company_id", "type_id", sa.text("amount desc nulls last"), sa.text("id desc")],
        ),
        ("title", ["company_id", "type_id", "title", "id"]),
        ("state", ["company_id", "type_id", "state", "id"]),
        ("owner", ["company_id", "owner_id", "id"]),
    ):
        op.create_index(f"ix_records_{name}", "records", columns)
    tenant_policy("records")


def _versions() -> None:
    op.create_table(
        "record_versions",
        *_row(),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("data", pg.JSONB, nullable=False),
        sa.Column("changed_fields", TEXTS, nullable=False),
        *_by(),
        sa.UniqueConstraint("record_id", "version", name="uq_record_versions_record_id_version"),
        _of_record("record_id", "fk_record_versions_record"),
    )
    _company_index("record_versions")
    append_only("record_versions")


def _comments() -> None:
    op.create_table(
        "comments",
        *_row(),
        sa.Column("subject_type", sa.Text, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("mentioned_ids", pg.ARRAY(sa.Uuid), nullable=False),
        *_by(),
        sa.CheckConstraint("char_length(body) between 1 and 10000", name="body"),
    )
    _company_index("comments")
    op.create_index("ix_comments_subject", "comments", ["company_id", "subject_id", "id"])
    append_only("comments")


def _attachments() -> None:
    op.create_table(
        "attachments",
        *_row(),
        sa.Column("subject_type", sa.Text),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("storage_id", sa.Uuid, nullable=False),
        *_by(),
        sa.Column("removed_at", AT),
        sa.Column("removed_by_id", sa.Uuid),
        sa.CheckConstraint("size_bytes >= 0", name="size"),
    )
    _company_index("attachments")
    op.create_index("ix_attachments_subject", "attachments", ["company_id", "subject_id", "id"])
    op.create_index(
        "ix_attachments_staged", "attachments", ["at"],
        postgresql_where=sa.text("subject_id is null"),
    )  # fmt: skip
    tenant_policy("attachments")


def _links() -> None:
    op.create_table(
        "record_links",
        *_row(),
        sa.Column("from_id", sa.Uuid, nullable=False),
        sa.Column("to_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("by_id", sa.Uuid),
        sa.Column("at", AT, nullable=False),
        sa.UniqueConstraint("from_id", "to_id", "kind", name="uq_record_links_pair"),
        _of_record("from_id", "fk_record_links_from"),
        _of_record("to_id", "fk_record_links_to"),
        sa.CheckConstraint("kind in ('related', 'blocks', 'duplicates', 'follows')", name="kind"),
        sa.CheckConstraint("from_id <> to_id", name="not_itself"),
    )
    _company_index("record_links")
    op.create_index("ix_record_links_to_id", "record_links", ["to_id"])
    tenant_policy("record_links")


def downgrade() -> None:
    for table in (
        "record_links", "attachments", "comments", "record_versions", "records", "record_types",
    ):  # fmt: skip
        op.drop_table(table)
