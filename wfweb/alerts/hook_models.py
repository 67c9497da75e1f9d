"""Tables of incoming webhooks: endpoints, and which messages were taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned

PURPOSES = ("metrics", "event")


class HookEndpoint(Id, Tenant, Versioned, Stamps, Base):
    """An address that another system may post to; what it sends is signed with ``secret``."""

    __tablename__ = "hook_endpoints"
    __table_args__ = (
        CheckConstraint(f"purpose in {PURPOSES}", name="purpose"),
        UniqueConstraint("company_id", "id", name="uq_hook_endpoints_company_id_id"),
        UniqueConstraint("company_id", "name", name="uq_hook_endpoints_name"),
    )

    name: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    last_received_at: Mapped[datetime | None]
    received_count: Mapped[int] = mapped_column(default=0)
    last_refusal: Mapped[str | None] = mapped_column(Text)


class HookReceipt(Id, Tenant, Base):
    """A message that was taken, with its answer: the same message again changes nothing."""

    __tablename__ = "hook_receipts"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id", name="uq_hook_receipts_message"),
        ForeignKeyConstraint(
            ["company_id", "endpoint_id"],
            ["hook_endpoints.company_id", "hook_endpoints.id"],
            name="fk_hook_receipts_endpoint",
            ondelete="CASCADE",
        ),
        Index("ix_hook_receipts_received_at", "received_at"),
    )

    endpoint_id: Mapped[UUID]
    message_id: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime]
    answer: Mapped[dict[str, Any]]
