"""Keyset pages: a cursor names the last row seen, so page 1000 costs as much as page 1."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import tuple_

from wfweb.kernel.db import session
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.jsontext import plain

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import InstrumentedAttribute

Row = TypeVar("Row")
Kind = type | tuple[type, ...]

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 100
LONGEST_CURSOR = 500

_READERS: dict[str, Callable[[Any], Any]] = {
    "d": datetime.fromisoformat,
    "D": date.fromisoformat,
    "u": UUID,
    "n": Decimal,
    "i": int,
    "s": str,
    "z": lambda _value: None,
}


def _mark(value: object) -> str:
    if value is None:
        return "z"
    for kind, mark in (
        (datetime, "d"),
        (date, "D"),
        (UUID, "u"),
        (Decimal, "n"),
        (int, "i"),
    ):
        if isinstance(value, kind):
            return mark
    return "s"


def encode_cursor(values: Sequence[Any]) -> str:
    """Return the cursor for the sort values of the last row of a page."""
    body = [[_mark(v), plain(v) if isinstance(v, Decimal | UUID | date) else v] for v in values]
    return base64.urlsafe_b64encode(orjson.dumps(body)).decode().rstrip("=")


def decode_cursor(cursor: str | None, length: int, kinds: Sequence[Kind] = ()) -> list[Any] | None:
    """Return the sort values a cursor stands for, or None for the first page.

    :param kinds: what the values have to be; a made-up cursor must not reach a comparison.
    :raises ValidationFailed: when it is not a cursor of ``length`` values.
    """
    if not cursor:
        return None
    try:
        values = _values_in(cursor, length)
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
        values = None
    if values is None or (kinds and not all(map(isinstance, values, kinds))):
        raise ValidationFailed.at("/after", "This page address is not complete")
    return values


def _values_in(cursor: str, length: int) -> list[Any] | None:
    if len(cursor) > LONGEST_CURSOR:
        return None
    body = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    if not isinstance(body, list) or len(body) != length:
        return None
    values = [_READERS[mark](value) for mark, value in body]
    storable = all("\0" not in value for value in values if isinstance(value, str))
    return values if storable else None


def read_limit(text: str | None, *, maximum: int = MAXIMUM_LIMIT) -> int:
    """Return how many rows a page holds.

    :raises ValidationFailed: when it is not a number from 1 to ``maximum``.
    """
    if text is None or not text:
        return min(DEFAULT_LIMIT, maximum)
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= maximum):  # noqa: PLR2004
        raise ValidationFailed.at("/limit", f"Use a number from 1 to {maximum}")
    return int(text)


def keyset(
    statement: "Select[Row]",
    columns: "Sequence[InstrumentedAttribute[Any]]",
    *,
    after: str | None,
    limit: int,
    falling: bool = False,
) -> tuple[list[Row], str | None]:
    """Return one page of rows in the order of ``columns``, and the cursor of the next page.

    :param columns: not nullable, the last one unique.
    :param falling: from the largest values to the smallest.
    :raises ValidationFailed: when ``after`` is no cursor of this list.
    """
    kinds = [column.type.python_type for column in columns]
    last = decode_cursor(after, len(columns), kinds)
    if last:
        here, seen = tuple_(*columns), tuple_(*last)
        statement = statement.where(here < seen if falling else here > seen)
    order = [column.desc() if falling else column for column in columns]
    rows = list(session().scalars(statement.order_by(*order).limit(limit + 1)))
    shown = rows[:limit]
    if len(rows) <= limit:
        return shown, None
    return shown, encode_cursor([getattr(shown[-1], column.key) for column in columns])
