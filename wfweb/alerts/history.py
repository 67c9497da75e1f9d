"""Reads of what was measured: the newest values of a record, and the readings of a metric."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from wfweb.alerts.models import MetricLatest, MetricReading
from wfweb.kernel.db import session
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.paging import keyset


def latest_of(record_id: UUID) -> list[MetricLatest]:
    """Return the newest values of a record, by metric; the caller let the record be seen."""
    statement = select(MetricLatest).where(MetricLatest.record_id == record_id)
    return list(session().scalars(statement.order_by(MetricLatest.metric)))


def readings_of(
    record_id: UUID,
    metric: str,
    *,
    since: datetime | None = None,
    after: str | None = None,
    limit: int = 50,
) -> tuple[list[MetricReading], str | None]:
    """Return the readings of a metric of a record, newest first, and the next page's cursor.

    :raises ValidationFailed: for a moment without zone.
    """
    statement = select(MetricReading).where(
        MetricReading.record_id == record_id, MetricReading.metric == metric
    )
    if since is not None:
        if since.tzinfo is None:
            raise ValidationFailed.at("/since", "Send the moment with its time zone", "zone")
        statement = statement.where(MetricReading.at >= since)
    columns = [MetricReading.at, MetricReading.id]
    return keyset(statement, columns, after=after, limit=limit, falling=True)
