"""The shapes of metrics and readings in the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, PlainSerializer

from wfweb.alerts.reading import MOST_READINGS
from wfweb.alerts.table import MOST_BYTES, MOST_COLUMNS
from wfweb.kernel.api import In, Out, Page, PageQuery, ProblemField, example

Exact = Annotated[
    Decimal,
    PlainSerializer(lambda value: format(value.normalize(), "f"), return_type=str),
    Field(json_schema_extra={"format": "decimal"}),
]
_NUMBER: dict[str, Any] = {"type": ["number", "string"]}
_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
# Members are checked one by one when they are taken in, so that `partial` can keep the good ones.
Value = Annotated[Any, Field(json_schema_extra=_NUMBER, description="A number, or decimal text.")]
Moment = Annotated[
    Any,
    Field(json_schema_extra=_MAYBE, description="When it was measured, with zone; now without."),
]
Ref = Annotated[
    Any,
    Field(json_schema_extra=_MAYBE, description="Your own id of it; sent again, nothing happens."),
]


class MetricOut(Out):
    """Something that is measured."""

    code: str
    name: str
    unit: str
    description: str
    decimals: int
    active: bool
    version: int


class MetricList(Out):
    """Metrics by name."""

    items: list[MetricOut]


class MetricIn(In):
    """Something to measure."""

    model_config = example({"name": "Fill level", "unit": "%", "decimals": 1})

    name: str = Field(min_length=1, max_length=120)
    unit: str = Field(default="", max_length=120)
    description: str = Field(default="", max_length=1000)
    decimals: int = Field(default=2, ge=0, le=10)
    active: bool = True


class ReadingIn(In):
    """One value of one metric."""

    model_config = example({"metric": "fill_level", "value": "17.5"})

    metric: Annotated[Any, Field(json_schema_extra=_TEXT, description="Code of a metric.")]
    value: Value
    at: Moment = None
    ref: Ref = None


class BatchReadingIn(ReadingIn):
    """One value of one metric of one record."""

    model_config = example({"record": "ORD-1042", "metric": "fill_level", "value": "17.5"})

    record: Annotated[Any, Field(json_schema_extra=_TEXT, description="Key or id of a record.")]


class ReadingsIn(In):
    """Up to 10,000 readings."""

    model_config = example(
        {"readings": [{"record": "ORD-1042", "metric": "fill_level", "value": "17.5"}]}
    )

    readings: list[dict[str, Any]] = Field(
        max_length=MOST_READINGS,
        json_schema_extra={"items": BatchReadingIn.model_json_schema()},
    )
    partial: bool = Field(
        default=False, description="Keep the good ones and name the others in the answer."
    )
    source: str = Field(
        default="api", min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_.-]*$",
        description="Who sends; `ref` is unique within it.",
    )  # fmt: skip


class IngestedOut(Out):
    """What became of readings and what the rules made of them."""

    stored: int
    duplicates: int
    late: int = Field(description="Kept, but something newer was known already.")
    raised: int
    reopened: int
    repeated: int
    cleared: int
    errors: list[ProblemField] = Field(description="With `partial`: the readings left out.")


class LatestOut(Out):
    """The newest value of a metric of a record."""

    metric: str
    value: Exact
    at: datetime


class LatestList(Out):
    """The newest values of a record, by metric."""

    items: list[LatestOut]


class HistoryQuery(PageQuery):
    """Which readings are wanted."""

    since: datetime | None = None


class ReadingOut(Out):
    """One reading."""

    id: UUID
    value: Exact
    at: datetime
    source: str
    ref: str | None
    ingested_at: datetime


class ReadingPage(Page[ReadingOut]):
    """Readings of one metric of one record, newest first."""


class MetricImportIn(In):
    """A table of figures as text, and what its columns hold."""

    model_config = example(
        {"content": "record;date;fill_level\nORD-1042;2026-09-30;17.5", "dry_run": True}
    )

    content: str = Field(
        max_length=MOST_BYTES,
        description="Headings and rows, parted by commas, semicolons or tabs.",
    )
    columns: list[str] | None = Field(
        default=None,
        max_length=MOST_COLUMNS,
        description=(
            "What each column holds, in order: `record`, `at`, `ref`, the code of a metric, or "
            "nothing. Guessed by the headings where it is left out."
        ),
    )
    dry_run: bool = Field(default=False, description="Only say what would come in.")
    partial: bool = Field(
        default=False, description="Keep the good ones and name the others in the answer."
    )


class TableColumnOut(Out):
    """A column of a table and what it holds; nothing when it is left out."""

    heading: str
    holds: str


class MetricImportOut(Out):
    """What a table brings."""

    columns: list[TableColumnOut]
    rows: int
    problem: str = Field(description="Why the columns cannot be used; with `dry_run` only.")
    readings: int
    good: int = Field(description="Those that can be taken.")
    errors: list[ProblemField] = Field(description="Such as `/rows/12/value`, counted from 0.")
    taken: IngestedOut | None = Field(description="What became of them; null with `dry_run`.")
