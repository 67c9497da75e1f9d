"""Tables of business calendars: the calendar with its draft, and the versions published of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import Base, Id, Stamps, Versioned, acting_company


class Owned:
    """A row of one company, without an index of its own: others begin with the company."""

    company_id: Mapped[UUID] = mapped_column(
        ForeignKey("companies.id", ondelete="CASCADE"), default=acting_company
    )


class BusinessCalendar(Id, Owned, Versioned, Stamps, Base):
    """A calendar by its code; what it says is in its versions, what it will say in ``draft``.

    One of a company may be the default. A calendar that was ever published is marked as deleted
    and kept, because due times of earlier days point to its versions.
    """

    __tablename__ = "business_calendars"
    __table_args__ = (
        UniqueConstraint("company_id", "id", name="uq_business_calendars_company_id_id"),
        Index(
            "uq_business_calendars_code",
            "company_id",
            "code",
            unique=True,
            postgresql_where=text("deleted_at is null"),
        ),
        Index(
            "uq_business_calendars_default",
            "company_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{1,49}$'", name="code"),
        CheckConstraint(
            "not is_default or (current_number > 0 and deleted_at is null)", name="default"
        ),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    current_number: Mapped[int] = mapped_column(default=0)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    deleted_at: Mapped[datetime | None]

    @property
    def status(self) -> str:
        """``published`` once something is in force, else ``draft``."""
        return "published" if self.current_number else "draft"


class CalendarVersion(Id, Owned, Base):
    """What a calendar says from a local day on; never changed and never removed."""

    __tablename__ = "calendar_versions"
    __table_args__ = (
        UniqueConstraint("calendar_id", "number", name="uq_calendar_versions_number"),
        ForeignKeyConstraint(
            ["company_id", "calendar_id"],
            ["business_calendars.company_id", "business_calendars.id"],
            name="fk_calendar_versions_calendar",
        ),
        CheckConstraint("number >= 1", name="number"),
    )

    calendar_id: Mapped[UUID]
    number: Mapped[int]
    effective_from: Mapped[date]
    body: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(Text)
    comment: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime] = mapped_column(default=clock.now)
    published_by_id: Mapped[UUID | None] = mapped_column(default=lambda: current_actor().id)
