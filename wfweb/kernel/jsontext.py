"""JSON as text: exact decimals as strings, instants in RFC 3339, keys sorted when it counts."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson


def plain(value: object) -> object:
    """Turn a value that JSON does not know into one that it does.

    :raises TypeError: when there is no lossless form.
    """
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID | date | datetime):
        return str(value) if isinstance(value, UUID) else value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return list(value)
    message = f"no JSON form of {type(value).__name__}"
    raise TypeError(message)


def dumps(value: Any) -> str:
    """Return compact JSON text."""
    return orjson.dumps(value, default=plain).decode()


def canonical(value: Any) -> bytes:
    """Return JSON whose bytes depend on the content only: sorted keys, no white space."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_SORT_KEYS)


def pretty(value: Any) -> str:
    """Return JSON text for people to read and change: indented, in the order it has."""
    return orjson.dumps(value, default=plain, option=orjson.OPT_INDENT_2).decode()
