"""Getting values out of a context: paths, sub-rows and aggregates, without ever raising."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, cast

from .model import Path
from .values import as_number, normalise, order, total

Context = Mapping[str, Any]
Getter = Callable[[Any], Any]


def getter(path: Path) -> Getter:
    """Return a function that reads a path from a context; ``None`` where the way ends early."""
    root, keys = path.root, path.keys
    if len(keys) == 1:
        return _field(root, keys[0])

    def follow(context: Any) -> Any:
        try:
            value = context[root]
            for key in keys:
                value = value[key]
        except (KeyError, TypeError, IndexError):
            return None
        return value

    return follow


def _field(root: str, key: str) -> Getter:
    def read(context: Any) -> Any:
        try:
            return context[root][key]
        except (KeyError, TypeError, IndexError):
            return None

    return read


def rows_of(path: Path) -> Callable[[Any], tuple[Sequence[Any], tuple[str, ...]] | None]:
    """Return a function giving the sub-rows on a path and the names that lead on inside one row."""

    def read(context: Any) -> tuple[Sequence[Any], tuple[str, ...]] | None:
        try:
            value = context[path.root]
            for index, key in enumerate(path.keys):
                value = value[key]
                if isinstance(value, (list, tuple)):
                    return value, path.keys[index + 1 :]
        except (KeyError, TypeError, IndexError):
            return None
        return None

    return read


def inside(row: Any, keys: Sequence[str]) -> Any:
    """Read a field of one sub-row, in comparable form."""
    value = row
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return normalise(value)


def reduce_rows(aggregate: str, rows: Sequence[Any], keys: Sequence[str]) -> Any:
    """Return the ``sum``, ``count``, ``min`` or ``max`` over sub-rows.

    A row without the value makes ``sum``, ``min`` and ``max`` missing: a total of which a part is
    unknown is unknown. ``count`` counts the rows that have the value.
    """
    values = [inside(row, keys) for row in rows]
    if aggregate == "count":
        return sum(1 for value in values if value is not None) if keys else len(rows)
    if any(value is None for value in values):
        return None
    if aggregate == "sum":
        return total(values)
    return _extreme(values, 1 if aggregate == "max" else -1)


def _extreme(values: Sequence[Any], direction: int) -> Any:
    if not values:
        return None
    numbers = [as_number(value) for value in values]
    if None not in numbers:
        values = numbers  # Numbers kept as texts come out as numbers.
    best = values[0]
    for value in values:
        comparison = order(value, best)
        if comparison is None:
            return None
        if comparison == direction:
            best = value
    return best


def with_line(context: Any, row: Any) -> MutableMapping[str, Any]:
    """Return the context in which one sub-row is called ``line``.

    Contexts that find their parts only when asked stay so: nothing of theirs is looked at here.
    """
    if type(context) is dict:
        return {**context, "line": row}
    return (
        ChainMap({"line": row}, cast("dict[str, Any]", context))
        if isinstance(context, Mapping)
        else {"line": row}
    )
