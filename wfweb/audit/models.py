"""The table of audit entries, partitioned by month; nothing in it ever changes."""

from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, acting_company
from wfweb.kernel.ids import new_id

RISKS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


class AuditEvent(Base):
    """One entry (AUD-1). ``changed_fields`` repeats the keys so that they can be searched."""

    __tablename__ = "audit_events"
    __table_args__ = (
        CheckConstraint(f"risk in {RISKS}", name="risk"),
        Index("ix_audit_events_target", "company_id", "target_id", "at"),
        Index("ix_audit_events_correlation", "company_id", "correlation_id"),
        Index("ix_audit_events_actor", "company_id", "actor_id", "at"),
        {"postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(primary_key=True, default=clock.now)
    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    type: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    target_type: Mapped[str] = mapped_column(Text)
    target_id: Mapped[UUID | None]
    target_label: Mapped[str] = mapped_column(Text, default="")
    old_values: Mapped[dict[str, Any] | None]
    new_values: Mapped[dict[str, Any] | None]
    changed_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    details: Mapped[dict[str, Any] | None]
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(Text, default="")
    on_behalf_of_id: Mapped[UUID | None]
    channel: Mapped[str] = mapped_column(Text)
    ip: Mapped[IPv4Address | IPv6Address | None] = mapped_column(INET)
    user_agent: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[UUID | None]
    correlation_id: Mapped[UUID]
    instance_id: Mapped[UUID | None]
    request_id: Mapped[UUID | None]
    risk: Mapped[str | None] = mapped_column(Text)
