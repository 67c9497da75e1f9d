"""Metrics: what is measured, readings one by one and by the ten thousand, and their history."""

from collections.abc import Sequence

from wfweb.alerts import catalogue, history, importing, metrics, policy, table
from wfweb.alerts.metrics import Ingested
from wfweb.alerts.schemas_metrics import (
    HistoryQuery,
    IngestedOut,
    LatestList,
    LatestOut,
    MetricImportIn,
    MetricImportOut,
    MetricIn,
    MetricList,
    MetricOut,
    ReadingIn,
    ReadingOut,
    ReadingPage,
    ReadingsIn,
    TableColumnOut,
)
from wfweb.kernel.api import ApiBlueprint, ProblemField, endpoint
from wfweb.kernel.errors import Conflict, FieldError, ValidationFailed
from wfweb.records.api import record_of

BODY_LIMIT_BYTES = 5 * 1024 * 1024
bp = ApiBlueprint(
    "metrics", __name__, title="Metrics", about="What is measured of records, and every reading."
)


def _named(faults: Sequence[FieldError]) -> list[ProblemField]:
    return [ProblemField(pointer=e.pointer, message=e.message, code=e.code) for e in faults]


def shown(done: Ingested) -> IngestedOut:
    """Return what became of readings."""
    return IngestedOut(
        stored=done.stored,
        duplicates=done.duplicates,
        late=done.late,
        raised=len(done.outcome.raised),
        reopened=len(done.outcome.reopened),
        repeated=done.outcome.repeated,
        cleared=len(done.outcome.cleared),
        errors=_named(done.faults),
    )


@endpoint(
    bp,
    "GET",
    "/metrics",
    response=MetricList,
    permission=policy.VIEW,
    summary="List what is measured",
)
def list_metrics() -> MetricList:
    """Return the metrics of the company."""
    found = catalogue.metrics(inactive=True)
    return MetricList(items=[MetricOut.model_validate(one) for one in found])


@endpoint(
    bp,
    "PUT",
    "/metrics/<metric>",
    request=MetricIn,
    response=MetricOut,
    scope="admin",
    permission=policy.MANAGE,
    errors=[Conflict],
    summary="Define what is measured",
    description="Makes the metric when its code is new.",
)
def save_metric(metric: str, body: MetricIn) -> MetricOut:
    """Save a metric."""
    saved = catalogue.save_metric(metric, **body.model_dump())
    return MetricOut.model_validate(saved)


@endpoint(
    bp,
    "POST",
    "/metrics/readings",
    request=ReadingsIn,
    response=IngestedOut,
    permission=metrics.WRITE,
    body_limit_bytes=BODY_LIMIT_BYTES,
    summary="Send readings",
    description=(
        "Up to 10,000, all or none: every wrong one is named and nothing is stored. With "
        "`partial` the good ones are kept. Alerts, and the locks they cause, are raised before "
        "the answer."
    ),
)
def create_readings(body: ReadingsIn) -> IngestedOut:
    """Take readings in."""
    return shown(metrics.ingest(body.readings, source=body.source, partial=body.partial))


@endpoint(
    bp,
    "POST",
    "/metrics/import",
    request=MetricImportIn,
    response=MetricImportOut,
    permission=metrics.WRITE,
    body_limit_bytes=BODY_LIMIT_BYTES,
    summary="Import readings from a table",
    description=(
        "The table of the import page, up to 10,000 readings. With `dry_run` the answer says what "
        "the columns seem to hold and what would come in, and nothing changes. Otherwise all or "
        "none, unless `partial`."
    ),
)
def import_readings(body: MetricImportIn) -> MetricImportOut:
    """Look at a table of figures, or take it in."""
    looked = importing.look(_table(body.content), body.columns)
    done = None if body.dry_run else importing.take(looked, partial=body.partial)
    return MetricImportOut(
        columns=[
            TableColumnOut(heading=heading, holds=kind)
            for heading, kind in zip(looked.table.columns, looked.kinds, strict=True)
        ],
        rows=len(looked.table.rows),
        problem=looked.problem,
        readings=looked.total,
        good=looked.good,
        errors=_named(looked.faults),
        taken=shown(done) if done else None,
    )


def _table(content: str) -> table.Table:
    try:
        return table.read(content)
    except ValidationFailed as refusal:
        wrong = [FieldError("/content", one.message, one.code) for one in refusal.errors]
        raise ValidationFailed(wrong) from refusal


@endpoint(
    bp,
    "POST",
    "/records/<ref>/metrics",
    request=ReadingIn,
    response=IngestedOut,
    permission=metrics.WRITE,
    summary="Send one reading of a record",
)
def create_reading(ref: str, body: ReadingIn) -> IngestedOut:
    """Take one reading in."""
    reading = {"record": str(record_of(ref).id), **body.model_dump(exclude_none=True)}
    try:
        return shown(metrics.ingest([reading]))
    except ValidationFailed as refusal:
        short = [
            FieldError(e.pointer.removeprefix("/readings/0"), e.message, e.code)
            for e in refusal.errors
        ]
        raise ValidationFailed(short) from refusal


@endpoint(
    bp,
    "GET",
    "/records/<ref>/metrics",
    response=LatestList,
    summary="Get the newest values of a record",
)
def list_record_metrics(ref: str) -> LatestList:
    """Return the newest value of each metric of a record."""
    found = history.latest_of(record_of(ref).id)
    return LatestList(items=[LatestOut.model_validate(one) for one in found])


@endpoint(
    bp,
    "GET",
    "/records/<ref>/metrics/<metric>",
    response=ReadingPage,
    query=HistoryQuery,
    summary="List the readings of a metric of a record",
)
def list_readings(ref: str, metric: str, query: HistoryQuery) -> ReadingPage:
    """Return readings, newest first."""
    rows, following = history.readings_of(
        record_of(ref).id, metric, since=query.since, after=query.after, limit=query.limit
    )
    return ReadingPage(items=[ReadingOut.model_validate(row) for row in rows], next=following)
