"""Tables of metrics: what is measured, every reading, the newest of each record."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from wfweb.kernel.db import Base, Id, Stamps, Tenant, Versioned, acting_company


def _record_of(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["company_id", "record_id"],
        ["records.company_id", "records.id"],
        name=f"fk_{table}_record",
        ondelete="CASCADE",
    )


class Metric(Id, Tenant, Versioned, Stamps, Base):
    """Something that is measured of records, such as the stock on hand."""

    __tablename__ = "metrics"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z][a-z0-9_]{0,62}$'", name="code"),
        CheckConstraint("decimals between 0 and 10", name="decimals"),
        UniqueConstraint("company_id", "code", name="uq_metrics_company_id_code"),
    )

    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    decimals: Mapped[int] = mapped_column(default=2)
    active: Mapped[bool] = mapped_column(default=True)


class MetricSubject(Base):
    """A record that is measured: the row that orders the evaluations of one record."""

    __tablename__ = "metric_subjects"
    __table_args__ = (_record_of("metric_subjects"),)

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    last_ingested_at: Mapped[datetime]


class MetricReading(Id, Base):
    """One value at one moment. ``ref`` is the sender's own id: sending it twice keeps one."""

    __tablename__ = "metric_readings"
    __table_args__ = (
        _record_of("metric_readings"),
        Index("ix_metric_readings_history", "record_id", "metric", "at"),
        Index(
            "uq_metric_readings_ref",
            "company_id",
            "source",
            "ref",
            unique=True,
            postgresql_where=text("ref is not null"),
        ),
        Index("ix_metric_readings_ingested_at", "ingested_at", postgresql_using="brin"),
    )

    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    record_id: Mapped[UUID]
    metric: Mapped[str] = mapped_column(Text)
    value: Mapped[Decimal] = mapped_column(Numeric(38, 10))
    at: Mapped[datetime]
    source: Mapped[str] = mapped_column(Text)
    ref: Mapped[str | None] = mapped_column(Text)
    ingested_at: Mapped[datetime]


class MetricLatest(Base):
    """The newest reading of a metric of a record, by the moment it was measured."""

    __tablename__ = "metric_latest"
    __table_args__ = (
        _record_of("metric_latest"),
        Index("ix_metric_latest_metric", "company_id", "metric"),
    )

    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(Text, primary_key=True)
    company_id: Mapped[UUID] = mapped_column(default=acting_company)
    value: Mapped[Decimal] = mapped_column(Numeric(38, 10))
    at: Mapped[datetime]
    reading_id: Mapped[UUID]
