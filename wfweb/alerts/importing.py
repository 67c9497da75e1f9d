"""Readings from a table: looked at without a change, or taken in; for pages and the API alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from wfweb.alerts import catalogue, metrics, table
from wfweb.alerts.metrics import MOST_FAULTS, WRITE, Ingested
from wfweb.alerts.reading import MOST_READINGS, read_all
from wfweb.alerts.table import Placed, Table
from wfweb.identity.policy import require
from wfweb.kernel.errors import FieldError, ValidationFailed

SOURCE: Final = "import"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a table would bring. ``kinds`` says what each column holds, chosen or guessed.

    ``problem`` says why they cannot be used; then nothing was judged. ``faults`` name their
    places as ``/rows/12/value``, counted from the first row under the headings.
    """

    table: Table
    kinds: Sequence[str]
    problem: str = ""
    readings: Sequence[Placed] = ()
    good: int = 0
    faults: Sequence[FieldError] = ()

    @property
    def total(self) -> int:
        """How many readings the table holds."""
        return len(self.readings)


def look(read: Table, chosen: Sequence[str] | None = None) -> Looked:
    """Judge every reading of a table as taking it in would, and change nothing.

    :param chosen: what the columns hold, in their order; without it they are guessed. What is
        no metric and none of ``record``, ``at`` and ``ref`` is left out.
    :raises Forbidden: without ``metrics.write``.
    :raises ValidationFailed: when there are fewer or more of them than columns.
    """
    require(WRITE)
    known = {one.code: one.name for one in catalogue.metrics()}
    kinds = table.guess(read, known) if chosen is None else _usable(read, chosen, known)
    problem = table.problems(kinds, known)
    if problem:
        return Looked(read, kinds, problem)
    placed = list(table.readings(read, kinds))
    good, faults = read_all([one.reading for one in placed], frozenset(known))
    return Looked(read, kinds, "", placed, len(good), in_rows(faults, placed))


def take(looked: Looked, *, partial: bool) -> Ingested:
    """Take in what was looked at, as one call of at most 10,000 readings.

    :param partial: keep the good ones and name the others, instead of refusing all.
    :raises ValidationFailed: when the columns cannot be used, naming each wrong place of the
        table, or when there are too many readings.
    """
    if looked.problem:
        raise ValidationFailed.at("/columns", looked.problem, "columns")
    if looked.total > MOST_READINGS:
        message = f"The table holds {looked.total} readings; send at most {MOST_READINGS} at once"
        raise ValidationFailed.at("/content", message, "too_many")
    try:
        done = metrics.ingest(_plain(looked.readings), source=SOURCE, partial=partial)
        return replace(done, faults=in_rows(done.faults, looked.readings))
    except ValidationFailed as refusal:
        raise ValidationFailed(in_rows(refusal.errors, looked.readings)) from refusal


def parts(looked: Looked) -> list[list[dict[str, Any]]]:
    """Return the readings in parts, each as many as one call takes."""
    items = _plain(looked.readings)
    return [items[n : n + MOST_READINGS] for n in range(0, len(items), MOST_READINGS)]


def in_rows(faults: Sequence[FieldError], placed: Sequence[Placed]) -> list[FieldError]:
    """Return faults of readings as faults of the rows they stand in."""
    found = []
    for fault in faults[:MOST_FAULTS]:
        place, _, member = fault.pointer.removeprefix("/readings").lstrip("/").partition("/")
        pointer = f"/rows/{placed[int(place)].row}/{member}".rstrip("/")
        found.append(FieldError(pointer, fault.message, fault.code))
    return found


def _plain(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    return [dict(one.reading) for one in placed]


def _usable(read: Table, chosen: Sequence[str], known: Mapping[str, str]) -> list[str]:
    if len(chosen) != len(read.columns):
        message = f"Say what each of the {len(read.columns)} columns holds"
        raise ValidationFailed.at("/columns", message, "columns")
    allowed = {table.IGNORE, table.RECORD, table.AT, table.REF, *known}
    return [kind if kind in allowed else table.IGNORE for kind in chosen]
