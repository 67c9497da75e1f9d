"""Tables of who is told by webhook, and what was sent to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned

CALL_STATES = ("pending", "delivered", "failed")


class WebhookEndpoint(Id, Tenant, Versioned, Stamps, Base):
    """Another system's address, and the secret that signs what it gets."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        UniqueConstraint("company_id", "code", name="uq_webhook_endpoints_code"),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        CheckConstraint("url ~ '^https?://'", name="url"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(default=True)
    stopped_because: Mapped[str] = mapped_column(Text, default="")
    failing_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    older_secret: Mapped[str | None] = mapped_column(Text)
    older_until: Mapped[datetime | None]


class WebhookCall(Id, Tenant, Base):
    """One message to one endpoint; its id is the message id of the standard."""

    __tablename__ = "webhook_calls"
    __table_args__ = (
        UniqueConstraint("company_id", "endpoint_id", "key", name="uq_webhook_calls_key"),
        CheckConstraint(f"state in {CALL_STATES}", name="state"),
        Index("ix_webhook_calls_newest", "endpoint_id", "id"),
    )

    endpoint_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    key: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(Text, default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    answer_status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    outbox_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    delivered_at: Mapped[datetime | None]

    endpoint: Mapped[WebhookEndpoint] = relationship()
