"""Importing figures from a table: choose a file, say what its columns hold, look, take it in."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.alerts import catalogue, importing, metrics, table
from wfweb.alerts.importing import Looked
from wfweb.alerts.metrics import WRITE, Ingested
from wfweb.alerts.table import Table
from wfweb.alerts.views import bp
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
        looked = importing.look(read, _chosen(read))
        if looked.problem or request.form.get("_act") != "take":
            return _preview(content, looked)
    return _done([_take(part) for part in importing.parts(looked)])


def _content() -> str:
    chosen = request.files.get("file")
    raw = chosen.stream.read(table.MOST_BYTES + 1) if chosen is not None else b""
    if raw:
        return raw.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    return request.form.get("content", "").replace("\r\n", "\n")


def _chosen(read: Table) -> list[str] | None:
    """Return what the columns hold as chosen; nothing before somebody did."""
    if "column.0" not in request.form:
        return None
    return [request.form.get(f"column.{n}", "") for n in range(len(read.columns))]


def _preview(content: str, looked: Looked) -> Response:
    acted = "column.0" in request.form
    errors = [FieldError("/column.0", looked.problem)] if looked.problem and acted else []
    known = [(one.code, one.name) for one in catalogue.metrics()]
    return page(
        "alerts/import_preview.html",
        status=422 if errors else 200,
        content=content,
        table=looked.table,
        kinds=looked.kinds,
        options=[*COLUMN_KINDS, *known],
        problem=looked.problem,
        errors=errors,
        found=looked,
        faults=list(_faults(looked)),
        sample=looked.table.rows[:SHOWN],
    )


def _faults(looked: Looked) -> Iterator[tuple[str, str]]:
    """Yield the first wrong lines: the record they name, and what is wrong."""
    record = looked.kinds.index(table.RECORD) if not looked.problem else 0
    for one in looked.faults[:SHOWN]:
        yield looked.table.rows[int(one.pointer.split("/")[2])][record], one.message


def _take(part: Sequence[Mapping[str, Any]]) -> Ingested:
    """Take in as many readings as a call takes, with their alerts and locks."""
    with transaction():
        return metrics.ingest(part, source=importing.SOURCE, partial=True)


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
