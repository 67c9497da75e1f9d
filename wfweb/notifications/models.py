"""Tables of what people were told and what was sent to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned

DELIVERY_STATES = ("pending", "sent", "skipped", "failed")


class Notification(Id, Tenant, Base):
    """A notice inside wfweb for one person."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("company_id", "user_id", "key", name="uq_notifications_key"),
        Index("ix_notifications_user", "user_id", "id"),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at is null")),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    shown_from: Mapped[datetime | None]
    """Set when its reader wants it with the next digest; until then it is pending."""
    read_at: Mapped[datetime | None]

    @property
    def status(self) -> str:
        """``pending`` until it is shown, ``delivered`` from then on."""
        waits = self.shown_from is not None and self.shown_from > clock.now()
        return "pending" if waits else "delivered"


class Delivery(Id, Tenant, Base):
    """One mail to one address: what it says is rendered from ``context`` when it is sent."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(f"state in {DELIVERY_STATES}", name="state"),
        UniqueConstraint("company_id", "key", name="uq_deliveries_key"),
        Index("ix_deliveries_newest", "company_id", "id"),
        Index("ix_deliveries_subject", "subject_id"),
        CheckConstraint("waits in ('', 'quiet', 'digest')", name="waits"),
        Index("ix_deliveries_digest_id", "digest_id"),
        Index(
            "ix_deliveries_waiting",
            "user_id",
            "not_before",
            postgresql_where=text("state = 'pending' and waits <> ''"),
        ),
    )

    channel: Mapped[str] = mapped_column(Text, default="email")
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    address: Mapped[str] = mapped_column(Text)
    subject_line: Mapped[str] = mapped_column(Text, default="")
    thread: Mapped[str] = mapped_column(Text, default="")
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID | None]
    context: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(Text, default="pending")
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    outbox_id: Mapped[UUID | None]
    urgent: Mapped[bool] = mapped_column(default=False, server_default="f")
    waits: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why it did not leave at once: its reader's quiet hours, or it comes in a digest."""
    not_before: Mapped[datetime | None]
    digest_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("deliveries.id", ondelete="SET NULL", name="fk_deliveries_digest_id")
    )
    """The mail that carries this message together with others."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]


class MessageTemplate(Id, Tenant, Versioned, Stamps, Base):
    """A company's own words for one kind of message; without it the built-in ones serve."""

    __tablename__ = "message_templates"
    __table_args__ = (UniqueConstraint("company_id", "kind", name="uq_message_templates_kind"),)

    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    heading: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    button: Mapped[str] = mapped_column(Text, default="")


class NotificationPreferences(Id, Tenant, Versioned, Stamps, Base):
    """What one person wants to be told and when; without it everything comes at once."""

    __tablename__ = "notification_preferences"
    __table_args__ = (
        UniqueConstraint("company_id", "user_id", name="uq_notification_preferences_user"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
