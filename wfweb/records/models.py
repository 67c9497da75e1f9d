"""Tables of records: types, records and their versions, comments, files, links."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned

LINK_KINDS = ("related", "blocks", "duplicates", "follows")


class RecordType(Id, Tenant, Versioned, Stamps, Base):
    """What records of one kind look like; ``json_schema`` is derived from ``fields``."""

    __tablename__ = "record_types"
    __table_args__ = (
        UniqueConstraint("company_id", "code", name="uq_record_types_company_id_code"),
        UniqueConstraint("company_id", "id", name="uq_record_types_company_id_id"),
        UniqueConstraint("company_id", "key_prefix", name="uq_record_types_company_id_key_prefix"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        CheckConstraint("key_prefix ~ '^[A-Z][A-Z0-9]{1,7}$'", name="key_prefix"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    plural: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    key_prefix: Mapped[str] = mapped_column(Text)
    icon: Mapped[str] = mapped_column(Text, default="doc")
    fields: Mapped[list[dict[str, Any]]]
    totals: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    json_schema: Mapped[dict[str, Any]]
    title_template: Mapped[str] = mapped_column(Text, default="")
    amount_field: Mapped[str | None] = mapped_column(Text)
    list_columns: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    searchable: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    pii_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    material_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    actions: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    default_workflow: Mapped[str | None] = mapped_column(Text)
    permissions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=True)


class Record(Id, Tenant, Versioned, Stamps, Base):
    """One record. ``version`` counts changes of its data; ``state`` belongs to the engine.

    ``amount``, ``currency`` and ``search_text`` repeat what is in ``data`` for lists, written
    by the same verb: expressions over JSON cannot use an index under row-level security.
    ``origin_key`` names where it came from (a form, a pack), so that sending twice makes one.
    """

    __tablename__ = "records"
    __table_args__ = (
        UniqueConstraint("company_id", "key", name="uq_records_company_id_key"),
        UniqueConstraint("company_id", "id", name="uq_records_company_id_id"),
        UniqueConstraint("company_id", "origin_key", name="uq_records_company_id_origin_key"),
        ForeignKeyConstraint(
            ["company_id", "type_id"],
            ["record_types.company_id", "record_types.id"],
            name="fk_records_type",
        ),
        ForeignKeyConstraint(
            ["company_id", "owner_id"], ["users.company_id", "users.id"], name="fk_records_owner"
        ),
        Index("ix_records_newest", "company_id", "type_id", "id"),
        Index("ix_records_updated", "company_id", "type_id", "updated_at", "id"),
        # Largest first, nothing last: the order in which lists are read.
        Index(
            "ix_records_amount",
            "company_id",
            "type_id",
            text("amount desc nulls last"),
            text("id desc"),
        ),
        Index("ix_records_state", "company_id", "type_id", "state", "id"),
        Index("ix_records_title", "company_id", "type_id", "title", "id"),
        Index("ix_records_owner", "company_id", "owner_id", "id"),
    )

    type_id: Mapped[UUID]
    type_code: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    state: Mapped[str | None] = mapped_column(Text)
    owner_id: Mapped[UUID | None]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(38, 10))
    currency: Mapped[str | None] = mapped_column(Text)
    search_text: Mapped[str] = mapped_column(Text, default="")
    origin_key: Mapped[str | None] = mapped_column(Text)
    archived_at: Mapped[datetime | None]
    # Kept by a trigger of the locks: whether one of them stands.
    has_active_alerts: Mapped[bool] = mapped_column(server_default=text("false"))

    @property
    def label(self) -> str:
        """How the record is called in a sentence: its key and its title."""
        return self.key if self.title == self.key else f"{self.key} {self.title}"


class RecordVersion(Id, Tenant, Base):
    """What a record held in one version, and who made it so; never changed."""

    __tablename__ = "record_versions"
    __table_args__ = (
        UniqueConstraint("record_id", "version", name="uq_record_versions_record_id_version"),
        ForeignKeyConstraint(
            ["company_id", "record_id"],
            ["records.company_id", "records.id"],
            name="fk_record_versions_record",
        ),
    )

    record_id: Mapped[UUID]
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    changed_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    by_name: Mapped[str] = mapped_column(Text, default=lambda: current_actor().name)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Comment(Id, Tenant, Base):
    """Something said about a subject (a record, a request, ...); append-only."""

    __tablename__ = "comments"
    __table_args__ = (
        Index("ix_comments_subject", "company_id", "subject_id", "id"),
        CheckConstraint("char_length(body) between 1 and 10000", name="body"),
    )

    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    body: Mapped[str] = mapped_column(Text)
    mentioned_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), default=list)
    by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    by_name: Mapped[str] = mapped_column(Text, default=lambda: current_actor().name)
    at: Mapped[datetime] = mapped_column(default=clock.now)


class Attachment(Id, Tenant, Base):
    """A file of a subject. Without subject it was uploaded with a form not yet accepted."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_subject", "company_id", "subject_id", "id"),
        Index("ix_attachments_staged", "at", postgresql_where=text("subject_id is null")),
        CheckConstraint("size_bytes >= 0", name="size"),
    )

    subject_type: Mapped[str | None] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    file_name: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    storage_id: Mapped[UUID]
    by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    by_name: Mapped[str] = mapped_column(Text, default=lambda: current_actor().name)
    at: Mapped[datetime] = mapped_column(default=clock.now)
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[UUID | None]


class RecordLink(Id, Tenant, Base):
    """One record pointing at another."""

    __tablename__ = "record_links"
    __table_args__ = (
        UniqueConstraint("from_id", "to_id", "kind", name="uq_record_links_pair"),
        Index("ix_record_links_to_id", "to_id"),
        ForeignKeyConstraint(
            ["company_id", "from_id"],
            ["records.company_id", "records.id"],
            name="fk_record_links_from",
        ),
        ForeignKeyConstraint(
            ["company_id", "to_id"], ["records.company_id", "records.id"], name="fk_record_links_to"
        ),
        CheckConstraint(f"kind in {LINK_KINDS}", name="kind"),
        CheckConstraint("from_id <> to_id", name="not_itself"),
    )

    from_id: Mapped[UUID]
    to_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text, default="related")
    by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
    at: Mapped[datetime] = mapped_column(default=clock.now)
