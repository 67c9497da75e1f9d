"""Conditions as fast functions: every triple becomes one closure."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from .access import getter, inside, reduce_rows, rows_of, with_line
from .comparison import BINARY, changed, is_between
from .model import (
    Always,
    Group,
    Negation,
    Node,
    Operand,
    Path,
    Reference,
    Triple,
)
from .values import LIMIT, Money, as_moment, is_empty, normalise

Compiled = Callable[[Any], bool]
Read = Callable[[Any], Any]

_FAST: Final = {">": python.gt, ">=": python.ge, "<": python.lt, "<=": python.le}


def compile_node(node: Node) -> Compiled:
    """Return the function that tells whether a condition holds in a context."""
    if isinstance(node, Always):
        return _constant(result=True)
    if isinstance(node, Negation):
        inner = compile_node(node.part)
        return lambda context: not inner(context)
    if isinstance(node, Group):
        return _group(node.kind, tuple(compile_node(part) for part in node.parts))
    if node.aggregate in ("any", "all"):
        return _over_lines(node)
    return _comparison(node)


def _constant(result: Any) -> Read:
    def read(_context: Any) -> Any:
        return result

    return read


def _group(kind: str, parts: tuple[Compiled, ...]) -> Compiled:
    def every(context: Any) -> bool:
        for part in parts:  # noqa: SIM110 - a loop is twice as fast as all() here
            if not part(context):
                return False
        return True

    def some(context: Any) -> bool:
        for part in parts:  # noqa: SIM110 - as above
            if part(context):
                return True
        return False

    return every if kind == "all" else some


def left_reader(node: Triple) -> Read:
    """Return the function giving the left side of a triple, in comparable form."""
    if node.aggregate is None:
        get = getter(node.path)
        return lambda context: normalise(get(context))
    rows_at = rows_of(node.path)
    keep = None if node.where is None else compile_node(node.where)
    aggregate = node.aggregate

    def reduced(context: Any) -> Any:
        found = rows_at(context)
        if found is None:
            return None
        rows, keys = found
        if keep is not None:
            rows = [row for row in rows if keep(with_line(context, row))]
        return reduce_rows(aggregate, rows, keys)

    return reduced


def operand_reader(operand: Operand) -> Read:
    """Return the function giving one value of the right side, in comparable form."""
    if isinstance(operand, Reference):
        get = getter(operand.path)
        return lambda context: normalise(get(context))
    return _constant(operand.value)


def right_reader(node: Triple) -> Read:
    """Return the function giving the right side: one value, or a tuple of them."""
    readers = tuple(operand_reader(operand) for operand in node.operands)
    if node.listed:
        return lambda context: tuple(read(context) for read in readers)
    if node.operator in ("in", "not in"):
        return lambda context: _members(readers[0](context))
    return readers[0] if readers else _constant(None)


def _members(value: Any) -> tuple[Any, ...] | None:
    return tuple(normalise(member) for member in value) if type(value) is tuple else None


def _comparison(node: Triple) -> Compiled:
    if node.operator in ("is set", "is empty"):
        return _presence(node)
    if node.operator == "changed":
        return _change(node.path)
    if node.aggregate is None and len(node.operands) == 1 and not node.listed:
        quick = _quick(node)
        if quick is not None:
            return quick
    return _general(node)


def _general(node: Triple) -> Compiled:
    left = left_reader(node)
    right = right_reader(node)
    operator = node.operator
    if operator == "between":
        return lambda context: is_between(left(context), *right(context))
    if operator in ("in", "not in"):
        return _membership(node, left, right)
    test = BINARY[str(operator)]
    return lambda context: test(left(context), right(context))


def _membership(node: Triple, left: Read, right: Read) -> Compiled:
    wanted = node.operator == "in"
    general = BINARY[str(node.operator)]
    literal = [operand.value for operand in node.operands if not isinstance(operand, Reference)]
    texts = frozenset(value for value in literal if type(value) is str and as_moment(value) is None)
    closed = len(texts) == len(node.operands)

    def test(context: Any) -> bool:
        value = left(context)
        if closed and type(value) is str:
            return (value in texts) is wanted
        return general(value, right(context))

    return test


def _presence(node: Triple) -> Compiled:
    wanted_empty = node.operator == "is empty"
    if node.aggregate is not None:
        reduced = left_reader(node)
        return lambda context: (reduced(context) is None) is wanted_empty
    get = getter(node.path)
    return lambda context: is_empty(get(context)) is wanted_empty


def _change(path: Path) -> Compiled:
    after, before = getter(path), getter(Path("previous", path.keys))

    def test(context: Any) -> bool:
        if not isinstance(context, Mapping) or not isinstance(context.get("previous"), Mapping):
            return False  # Nothing came before, so nothing has changed.
        return changed(before(context), after(context))

    return test


def _quick(node: Triple) -> Compiled | None:
    """Return a specialised closure for the triples that make up nearly all conditions."""
    operand = node.operands[0]
    if isinstance(operand, Reference):
        return None
    value = operand.value
    get = getter(node.path)
    if node.operator in _FAST and isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return _quick_number(get, str(node.operator), value)
    if node.operator == "=" and type(value) is str and as_moment(value) is None:
        slow = BINARY["="]

        def same(context: Any) -> bool:
            left = get(context)
            return left == value if type(left) is str else slow(normalise(left), value)

        return same
    return None


def _quick_number(get: Read, operator: str, value: int | Decimal) -> Compiled:
    fast: Callable[[Any, Any], bool] = _FAST[operator]
    slow = BINARY[operator]

    def test(context: Any) -> bool:
        left = get(context)
        if type(left) is int and -LIMIT < left < LIMIT:
            return fast(left, value)
        left = normalise(left)
        if type(left) is Decimal:
            return fast(left, value)
        if type(left) is Money:
            return fast(left.amount, value)
        return slow(left, value)

    return test


def _over_lines(node: Triple) -> Compiled:
    rows_at = rows_of(node.path)
    row_test = line_test(node)
    every = node.aggregate == "all"

    def test(context: Any) -> bool:
        found = rows_at(context)
        if found is None or not found[0]:
            return False  # "All lines" of an order without lines must not open a door.
        inner = with_line(context, None)
        for row in found[0]:
            inner["line"] = row
            if row_test(inner, found[1]) is not every:
                return not every
        return every

    return test


def line_test(node: Triple) -> Callable[[Any, tuple[str, ...]], bool]:
    """Return the test that ``any`` and ``all`` apply to one line, ``line`` in the context."""
    keep = None if node.where is None else compile_node(node.where)
    if node.operator is None:
        return lambda context, _keys: keep is None or keep(context)
    compare = _line_comparison(node)
    if keep is None:
        return compare
    if node.aggregate == "any":
        return lambda context, keys: keep(context) and compare(context, keys)
    return lambda context, keys: not keep(context) or compare(context, keys)


def _line_comparison(node: Triple) -> Callable[[Any, tuple[str, ...]], bool]:
    operator, right = str(node.operator), right_reader(node)
    if operator in ("is set", "is empty"):
        wanted = operator == "is empty"
        return lambda context, keys: (inside(context["line"], keys) in (None, ())) is wanted
    if operator == "between":
        return lambda context, keys: is_between(inside(context["line"], keys), *right(context))
    test = BINARY[operator]
    return lambda context, keys: test(inside(context["line"], keys), right(context))
