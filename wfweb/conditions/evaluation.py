"""Telling whether a condition holds, with every condition read once and cached."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Final

import orjson

from .closures import Compiled, compile_node
from .model import MalformedConditionError, Node, Problem, parse
from .validation import structure

_CACHE_SIZE: Final = 4_096
_KEY: Final = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME
_cache: OrderedDict[str | bytes, tuple[Node, Compiled]] = OrderedDict()


def read_condition(condition: Any) -> tuple[Node, Compiled]:
    """Return the nodes and the function of a condition, from the cache where it was seen before.

    Raises ``MalformedConditionError`` when it has no readable structure.
    """
    key = _key(condition)
    found = _cache.get(key)
    if found is not None:
        return found
    problems = structure(condition)
    if problems:
        raise MalformedConditionError(problems)
    node = parse(condition)
    made = (node, compile_node(node))
    _cache[key] = made
    if len(_cache) > _CACHE_SIZE:
        # Another thread may have emptied it meanwhile; losing an entry only costs a new reading.
        try:
            _cache.popitem(last=False)
        except KeyError:
            return made
    return made


def _key(condition: Any) -> str | bytes:
    try:
        return orjson.dumps(condition, default=_tagged, option=_KEY)
    except TypeError:
        return _thorough_key(condition)


def _thorough_key(condition: Any) -> str:
    """Return a key for what the quick way does not know: huge numbers, half characters, depth."""
    try:
        return json.dumps(condition, sort_keys=True, default=_tagged)
    except (TypeError, ValueError, RecursionError) as error:
        raise MalformedConditionError([Problem("", "This is not a condition")]) from error


def _tagged(value: Any) -> list[str]:
    return [type(value).__name__, str(value)]


def compile(condition: Any) -> Compiled:  # noqa: A001 - the word users of the package expect
    """Return a cached function telling whether a condition holds in a context.

    Keep the function where one condition meets many contexts. Raises ``MalformedConditionError``.
    """
    return read_condition(condition)[1]


def evaluate(condition: Any, context: Any) -> bool:
    """Tell whether a condition holds in a context.

    A comparison with a missing value, or of values that do not compare (text with a number, moneys
    of different currencies), is false, also with ``!=``, ``not in`` and ``not contains``. ``not``
    turns its inner result round, so ``not (amount > 5)`` holds when there is no amount; add
    ``is set`` where that matters. Raises ``MalformedConditionError`` for a condition without
    readable structure, and nothing for any context.
    """
    return read_condition(condition)[1](context)
