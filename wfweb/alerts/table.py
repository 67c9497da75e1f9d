"""A pasted or uploaded table of figures: its columns, a guess what each holds, and its readings."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from wfweb.kernel.errors import ValidationFailed

MOST_BYTES: Final = 1_500_000
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 50
LONGEST_CELL: Final = 200
IGNORE, RECORD, AT, REF = "", "record", "at", "ref"
_RECORD_NAMES: Final = frozenset({"record", "key", "property", "product", "store", "id"})
_AT_NAMES: Final = frozenset({"at", "date", "time", "measured", "measured_at", "month", "day"})


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a file; ``columns`` are its headings."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]] = field(default_factory=list)


class Placed(NamedTuple):
    """A reading and the row it stands in, counted from 0 under the headings."""

    row: int
    reading: Mapping[str, Any]


def read(text: str) -> Table:
    """Read a table with headings, parted by commas, semicolons or tabs.

    :raises ValidationFailed: when it is empty, too large, or its rows do not fit its headings.
    """
    if len(text.encode()) > MOST_BYTES:
        raise ValidationFailed.at("/file", "Use a file of at most 1.5 MB", "too_large")
    if "\0" in text:
        raise ValidationFailed.at("/file", "This is no text file", "text")
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    try:
        lines = [
            [cell.strip() for cell in row]
            for row in csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=mark)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        raise ValidationFailed.at("/file", "This cannot be read as a table", "csv") from None
    if len(lines) < 2:  # noqa: PLR2004 - headings and one row
        message = "Send a line with headings and at least one row"
        raise ValidationFailed.at("/file", message, "empty")
    headings, rows = lines[0], lines[1:]
    if len(headings) > MOST_COLUMNS or len(rows) > MOST_ROWS:
        message = f"Use at most {MOST_ROWS:,} rows and {MOST_COLUMNS} columns"
        raise ValidationFailed.at("/file", message, "too_large")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(headings):
            message = f"Line {number} has {len(row)} columns, the headings have {len(headings)}"
            raise ValidationFailed.at("/file", message, "columns")
    return Table(headings, rows)


def guess(table: Table, metrics: Mapping[str, str]) -> list[str]:
    """Return what each column seems to hold: ``record``, ``at``, a metric, or nothing.

    :param metrics: the names of metrics by code.
    """
    names = {name.casefold(): code for code, name in metrics.items()}
    return [_kind(heading, metrics, names) for heading in table.columns]


def _kind(heading: str, metrics: Mapping[str, str], names: Mapping[str, str]) -> str:
    word = heading.strip().casefold().replace(" ", "_")
    if word in _RECORD_NAMES:
        return RECORD
    if word in _AT_NAMES:
        return AT
    if word == REF:
        return REF
    return word if word in metrics else names.get(heading.strip().casefold(), IGNORE)


def problems(kinds: Sequence[str], metrics: Mapping[str, str]) -> str:
    """Return what is wrong with the meaning of columns; empty when it can be used."""
    if kinds.count(RECORD) != 1:
        return "Say which one column names the record"
    if kinds.count(AT) > 1 or kinds.count(REF) > 1:
        return "Only one column can hold the moment, and one the sender's id"
    chosen = [kind for kind in kinds if kind in metrics]
    if not chosen:
        return "Say which column holds which figure"
    if len(chosen) != len(set(chosen)):
        return "A figure can stand in one column only"
    return ""


def readings(table: Table, kinds: Sequence[str]) -> Iterator[Placed]:
    """Yield the readings that a table holds; empty cells are none.

    Days count from their first moment in UTC; the sender's id of a row is shared by its figures.
    """
    record, at = kinds.index(RECORD), kinds.index(AT) if AT in kinds else None
    ref = kinds.index(REF) if REF in kinds else None
    for number, row in enumerate(table.rows):
        for place, kind in enumerate(kinds):
            value = row[place].replace("\u00a0", "").replace(" ", "")
            if kind in {IGNORE, RECORD, AT, REF} or not value:
                continue
            one: dict[str, Any] = {"record": row[record], "metric": kind, "value": value}
            if at is not None and row[at]:
                one["at"] = moment(row[at])
            if ref is not None and row[ref]:
                one["ref"] = f"{row[ref]}:{kind}"[:LONGEST_CELL]
            yield Placed(number, one)


def moment(text: str) -> str:
    """Return a moment as it is sent: a day or a month begins at its first moment in UTC."""
    parts = text.split("-")
    whole = f"{text}-01" if len(parts) == 2 and text.replace("-", "").isdigit() else text  # noqa: PLR2004
    try:
        found = datetime.fromisoformat(whole)
    except ValueError:
        return text
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).isoformat()
