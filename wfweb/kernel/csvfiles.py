"""CSV files of any size: written row by row, so that a large one needs no memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

# A cell that begins like this would be computed by a spreadsheet that opens the file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> str:
    """Return a cell no spreadsheet computes; numbers stay numbers, None is empty."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield each row as a line of CSV."""
    for row in rows:
        buffer = io.StringIO()
        csv.writer(buffer).writerow([safe_cell(value) for value in row])
        yield buffer.getvalue()


def download(name: str, rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV file that is sent as its rows come.

    The rows are asked for after the view has returned: what they read from the database they
    read in transactions of their own.

    :param name: the file's name without its ending; only letters, digits and ``-``.
    """
    response = Response(lines(rows), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response
