"""Taking readings in: ten thousand at once, stored and evaluated in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from wfweb.alerts import catalogue, evaluating, raising, subjects
from wfweb.alerts.raising import Outcome
from wfweb.alerts.reading import MOST_READINGS, Reading, read_all
from wfweb.identity.policy import require
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.ids import new_id

WRITE = "metrics.write"
MOST_FAULTS = 1000


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of readings. ``late`` ones are kept, but newer ones were already known."""

    stored: int = 0
    duplicates: int = 0
    late: int = 0
    faults: list[FieldError] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)


# Rows travel as one JSON text: a driver's arrays of ten thousand cost ten times as much to write.
_ROWS = (
    " from json_to_recordset(cast(:rows as json))"
    " as one(id uuid, record_id uuid, metric text, value numeric, at timestamptz, ref text)"
)
_STORE = text(
    "insert into metric_readings"
    " (id, company_id, record_id, metric, value, at, source, ref, ingested_at)"
    " select one.id, :company, one.record_id, one.metric, one.value, one.at, :source, one.ref, :now"
    f"{_ROWS} on conflict (company_id, source, ref) where ref is not null do nothing returning id"
)
_NEWEST = text(
    "insert into metric_latest (record_id, metric, company_id, value, at, reading_id)"
    f" select one.record_id, one.metric, :company, one.value, one.at, one.id{_ROWS}"
    " on conflict (record_id, metric) do update"
    " set value = excluded.value, at = excluded.at, reading_id = excluded.reading_id"
    " where metric_latest.at <= excluded.at"
    " returning record_id, metric"
)


def ingest(
    readings: Sequence[Mapping[str, Any]], *, source: str = "api", partial: bool = False
) -> Ingested:
    """Store readings and let the rules look at them, all in the current transaction.

    :param readings: ``{record, metric, value, at, ref}``: key or id of a record, code of a
        metric, a number, when it was measured (now without), the sender's own id of the
        reading (sending it again changes nothing).
    :param source: who sends; ``ref`` is unique within it.
    :param partial: keep the good ones and name the others, instead of refusing all.
    :raises ValidationFailed: naming every wrong item, as ``/readings/12/value``.
    :raises Forbidden: without ``metrics.write``.
    """
    require(WRITE)
    if len(readings) > MOST_READINGS:
        message = f"Send at most {MOST_READINGS} readings at once"
        raise ValidationFailed.at("/readings", message, "too_many")
    good, faults = read_all(readings, catalogue.known_codes())
    faults = [FieldError(f"/readings{e.pointer}", e.message, e.code) for e in faults]
    if faults and not partial:
        raise ValidationFailed(faults[:MOST_FAULTS])
    if not good:
        return Ingested(faults=faults)
    subjects.lock_records(reading.subject.id for reading in good)
    kept = _store(good, source)
    newest = _keep_newest(kept)
    outcome = _evaluate(newest)
    superseded = len({(one.subject.id, one.metric) for _id, one in kept}) - len(newest)
    return Ingested(len(kept), len(good) - len(kept), superseded, faults, outcome)


def _store(good: list[Reading], source: str) -> list[tuple[UUID, Reading]]:
    rows = [(new_id(), reading) for reading in good]
    values = {**_values(rows), "source": source, "now": clock.now()}
    stored = session().execute(_STORE, values).scalars().all()
    if len(stored) == len(rows):
        return rows
    known = set(stored)
    return [row for row in rows if row[0] in known]


def _values(rows: Sequence[tuple[UUID, Reading]]) -> dict[str, Any]:
    content = [
        {
            "id": row_id,
            "record_id": one.subject.id,
            "metric": one.metric,
            "value": str(one.value),
            "at": one.at,
            "ref": one.ref,
        }
        for row_id, one in rows
    ]
    return {"company": current_actor().company_id, "rows": orjson.dumps(content).decode()}


def _keep_newest(kept: Sequence[tuple[UUID, Reading]]) -> list[Reading]:
    """Remember the newest reading of each record and metric; return those that are news."""
    newest: dict[tuple[UUID, str], tuple[UUID, Reading]] = {}
    for row in kept:
        key = (row[1].subject.id, row[1].metric)
        before = newest.get(key)
        # Of two readings of one moment, the one that was sent later counts.
        if before is None or row[1].at >= before[1].at:
            newest[key] = row
    if not newest:
        return []
    rows = [newest[key] for key in sorted(newest)]
    fresh = session().execute(_NEWEST, _values(rows)).all()
    return [newest[row.record_id, row.metric][1] for row in fresh]


def _evaluate(newest: Sequence[Reading]) -> Outcome:
    """Let every rule that reads these metrics look at these records."""
    if not newest:
        return Outcome()
    values: dict[tuple[UUID, str], Decimal] = {
        (one.subject.id, one.metric): one.value for one in newest
    }
    about = {one.subject.id: one.subject for one in newest}
    found = evaluating.on_readings(about, values)
    return raising.apply(found)
