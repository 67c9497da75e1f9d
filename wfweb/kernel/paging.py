"""Keyset pages: a cursor names the last row seen, so page 1000 costs as much as page 1."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.jsontext import plain

DEFAULT_LIMIT = 50
MAXIMUM_LIMIT = 100
LONGEST_CURSOR = 500

_READERS = {
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


def decode_cursor(cursor: str | None, length: int) -> list[Any] | None:
    """Return the sort values a cursor stands for, or None for the first page.

    :raises ValidationFailed: when it is not a cursor of ``length`` values.
    """
    if not cursor:
        return None
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        body = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(body, list) or len(body) != length:
            raise ValueError
        return [_READERS[mark](value) for mark, value in body]
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
        raise ValidationFailed.at("/after", "This page address is not complete") from None


def read_limit(text: str | None, *, maximum: int = MAXIMUM_LIMIT) -> int:
    """Return how many rows a page holds.

    :raises ValidationFailed: when it is not a number from 1 to ``maximum``.
    """
    if text is None or not text:
        return min(DEFAULT_LIMIT, maximum)
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= maximum):  # noqa: PLR2004
        raise ValidationFailed.at("/limit", f"Use a number from 1 to {maximum}")
    return int(text)
