"""Importing figures from a table: choose a file, say what its columns hold, look, take it in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.alerts import catalogue, metrics
from wfweb.alerts.metrics import WRITE, Ingested
from wfweb.alerts.reading import MOST_READINGS, read_all
from wfweb.alerts.views import bp, table
from wfweb.alerts.views.table import Table
from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.web import page, respond

SHOWN: Final = 20
COLUMN_KINDS: Final = [
    ("", "Leave out"),
    (table.RECORD, "Key of the record"),
    (table.AT, "When it was measured"),
    (table.REF, "The sender's own id"),
]


@dataclass(frozen=True, slots=True)
class Found:
    """What a table would bring: readings in all, and lines that cannot be taken."""

    total: int
    good: int
    faults: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]


@bp.get("/alerts/import")
@requires(WRITE)
def import_form() -> ResponseReturnValue:
    """Ask for a table of figures."""
    with transaction():
        return _form()


def _form(content: str = "", errors: Sequence[FieldError] = (), status: int = 200) -> Response:
    return page(
        "alerts/import.html",
        status=status,
        content=content,
        errors=errors,
        measured=catalogue.metrics(),
    )


@bp.post("/alerts/import")
@requires(WRITE)
def import_table() -> ResponseReturnValue:
    """Show what the columns seem to hold and what would come in; or take it in."""
    content = _content()
    try:
        read = table.read(content)
    except ValidationFailed as refusal:
        with transaction():
            return _form(content[: table.MOST_BYTES], refusal.errors, refusal.status)
    with transaction():
        known = {one.code: one.name for one in catalogue.metrics()}
        kinds = _kinds(read, known)
        problem = table.problems(kinds, known)
        if problem or request.form.get("_act") != "take":
            return _preview(content, read, kinds, known, problem)
    taken = _take(list(table.readings(read, kinds)))
    return _done(taken)


def _content() -> str:
    chosen = request.files.get("file")
    raw = chosen.stream.read(table.MOST_BYTES + 1) if chosen is not None else b""
    if raw:
        return raw.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return request.form.get("content", "").replace("\r\n", "\n")


def _kinds(read: Table, known: Mapping[str, str]) -> list[str]:
    """Return what the columns hold: as chosen, else as they seem to."""
    if "column.0" not in request.form:
        return table.guess(read, known)
    allowed = {code for code, _label in COLUMN_KINDS} | set(known)
    chosen = [request.form.get(f"column.{n}", "") for n in range(len(read.columns))]
    return [kind if kind in allowed else "" for kind in chosen]


def _preview(
    content: str, read: Table, kinds: list[str], known: Mapping[str, str], problem: str
) -> Response:
    acted = "column.0" in request.form
    errors = [FieldError("/column.0", problem)] if problem and acted else []
    found = None if problem else _found(read, kinds, known)
    return page(
        "alerts/import_preview.html",
        status=422 if errors else 200,
        content=content,
        table=read,
        kinds=kinds,
        options=[*COLUMN_KINDS, *known.items()],
        problem=problem,
        errors=errors,
        found=found,
        sample=read.rows[:SHOWN],
    )


def _found(read: Table, kinds: list[str], known: Mapping[str, str]) -> Found:
    """Judge every reading as taking it in would, and change nothing."""
    items = list(table.readings(read, kinds))
    good, faults = read_all(items, frozenset(known))
    words = [
        (f"{items[int(one.pointer.split('/')[1])]['record']}", one.message)
        for one in islice(faults, SHOWN)
    ]
    return Found(len(items), len(good), words, ())


def _take(items: list[dict[str, Any]]) -> list[Ingested]:
    """Take readings in, as many at once as a call takes, each with its alerts and locks."""
    taken = []
    for start in range(0, len(items), MOST_READINGS):
        with transaction():
            part = items[start : start + MOST_READINGS]
            taken.append(metrics.ingest(part, source="import", partial=True))
    return taken


def _done(taken: Sequence[Ingested]) -> Response:
    stored = sum(one.stored for one in taken)
    raised = sum(len(one.outcome.raised) + len(one.outcome.reopened) for one in taken)
    faults = sum(len(one.faults) for one in taken)
    words = "1 reading is in." if stored == 1 else f"{stored:,} readings are in."
    if raised:
        words += f" They raised {raised} {'alert' if raised == 1 else 'alerts'}."
    if faults:
        words += f" {faults} could not be taken."
    flash(words, "warn" if faults else "ok")
    return respond(url_for("alerts.index") if raised else url_for("alerts.import_form"))
