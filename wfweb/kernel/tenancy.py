"""The company: the tenant that every row belongs to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.db import Base, Id


class Company(Id, Base):
    """A tenant. Nothing crosses from one to another (reliability D12)."""

    __tablename__ = "companies"

    name: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text, default="EUR")
    time_zone: Mapped[str] = mapped_column(Text, default="Europe/Amsterdam")
    locale: Mapped[str] = mapped_column(Text, default="en")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class KeyCounter(Base):
    """The last number given under a key prefix in a company."""

    __tablename__ = "key_counters"

    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    prefix: Mapped[str] = mapped_column(Text, primary_key=True)
    last_number: Mapped[int]
