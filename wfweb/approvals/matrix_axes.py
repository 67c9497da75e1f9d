"""Cutting what a matrix looks at into cells inside which every comparison gives one answer.

Each field a matrix compares with fixed values becomes an axis: an ordered one (numbers, money,
days) is cut at every value that a row names, any other one has a cell for every value. A comparison
that cannot be placed on an axis (another field, a part of a text) becomes an axis of its own: yes
or no.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, Final

from wfweb.conditions import FieldType, FieldTypes, Money
from wfweb.conditions.comparison import BINARY, is_between
from wfweb.conditions.model import Always, Group, Literal, Negation, Node, Triple
from wfweb.conditions.values import as_moment, as_number
from wfweb.conditions.wording import describe_node, show

_EXACT: Final = Context(prec=250)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ORDERED: Final = ("number", "integer", "money", "date", "datetime")
_PLACED: Final = ("=", "!=", ">", ">=", "<", "<=", "in", "not in", "between", "is set", "is empty")


@dataclass(frozen=True, slots=True)
class Cell:
    """One part of an axis: a value of it, its name, and on ordered axes its edges.

    ``low`` and ``high`` are the edges in words (``None`` = no end). A ``quiet`` cell takes part in
    the check, but it is not worth telling that nothing is there (amounts under zero).
    """

    value: Any
    name: str
    low: str | None = None
    high: str | None = None
    low_included: bool = False
    high_included: bool = False
    ordered: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """One dimension of a matrix."""

    key: str
    label: str
    cells: tuple[Cell, ...]
    ordered: bool


def atoms(node: Node) -> Iterator[Triple]:
    """Yield the comparisons of a condition."""
    if isinstance(node, Group):
        for part in node.parts:
            yield from atoms(part)
    elif isinstance(node, Negation):
        yield from atoms(node.part)
    elif isinstance(node, Triple):
        yield node


def key_of(atom: Triple) -> str:
    """Return the key of the axis a comparison lies on."""
    if atom.aggregate is not None:
        return f"{atom.aggregate} {atom.path} {atom.where!r}" if _fixed(atom) else repr(atom)
    return str(atom.path) if _fixed(atom) else repr(atom)


def currency_key(atom: Triple) -> str:
    """Return the key of the axis of currencies beside the axis of a money field."""
    return f"{atom.path}.currency"


def _fixed(atom: Triple) -> bool:
    literal = all(isinstance(operand, Literal) for operand in atom.operands)
    return literal and atom.operator in _PLACED and atom.aggregate not in ("any", "all")


def _literals(found: Iterable[Triple]) -> list[Any]:
    return [o.value for atom in found for o in atom.operands if isinstance(o, Literal)]


def axes_of(nodes: Sequence[Node], fields: FieldTypes) -> list[Axis]:
    """Return the axes of several conditions, in the order in which they are first looked at."""
    by_key: dict[str, list[Triple]] = {}
    for node in nodes:
        for atom in atoms(node):
            by_key.setdefault(key_of(atom), []).append(atom)
    found = {key: _axis(key, group, fields) for key, group in by_key.items()}
    for group in by_key.values():
        currencies = [v.currency for v in _literals(group) if isinstance(v, Money)]
        if currencies and _fixed(group[0]):
            beside = by_key.get(currency_key(group[0]), [])
            label = f"{fields.label(group[0].path)} (currency)"
            known = [*currencies, *_literals(beside)]
            found[currency_key(group[0])] = _enumerated(currency_key(group[0]), label, known, None)
    return list(found.values())


def _axis(key: str, group: Sequence[Triple], fields: FieldTypes) -> Axis:
    first = group[0]
    if not _fixed(first):
        text = describe_node(first, fields)
        return Axis(key, text, (Cell(True, text), Cell(False, f"not ({text})")), ordered=False)
    kind = FieldType("integer") if first.aggregate == "count" else fields.find(first.path)
    values = _literals(group)
    label = fields.label(first.path)
    if first.aggregate is not None:
        label = f"{first.aggregate} of {label}"
    presence = any(atom.operator in ("is set", "is empty") for atom in group)
    kind = kind or _guess(values)
    if kind.kind in _ORDERED:
        axis = _ordered(key, label, values, kind)
    else:
        axis = _enumerated(key, label, values, kind)
    if presence:
        empty = Cell(None, f"{label} is empty", ordered=False)
        axis = Axis(key, label, (*axis.cells, empty), axis.ordered)
    return axis


def _guess(values: Sequence[Any]) -> FieldType:
    if any(isinstance(value, Money) for value in values):
        return FieldType("money")
    if values and all(as_number(value) is not None for value in values):
        return FieldType("number")
    if values and all(as_moment(value) is not None for value in values):
        return FieldType(
            "date" if all(len(str(value)) == len("2026-11-21") for value in values) else "datetime"
        )
    return FieldType("boolean" if values and isinstance(values[0], bool) else "text")


def _enumerated(key: str, label: str, values: Sequence[Any], kind: FieldType | None) -> Axis:
    if kind is not None and kind.kind == "boolean":
        known: list[Any] = [True, False]
    else:
        choices = [] if kind is None else list(kind.choices)
        known = list(dict.fromkeys([*choices, *(v for v in values if isinstance(v, str))]))
    cells = [Cell(value, f"{label} is {show(value, kind)}") for value in known]
    if kind is None or not (kind.choices or kind.kind == "boolean"):
        # No stored text contains a null character, so this stands for every value not named.
        cells.append(Cell("\0", f"{label} is something else"))
    return Axis(key, label, tuple(cells), ordered=False)


class _Scale:
    """Positions on an ordered axis as exact numbers, and back."""

    def __init__(self, kind: FieldType) -> None:
        self.kind = kind
        whole = kind.kind in ("integer", "date")
        self.step = kind.step or (Decimal(1) if whole else None)

    def position(self, value: Any) -> Decimal | None:
        if self.kind.kind in ("date", "datetime"):
            return self._instant(as_moment(value))
        number = value.amount if isinstance(value, Money) else as_number(value)
        return None if number is None else Decimal(number)

    def _instant(self, moment: date | None) -> Decimal | None:
        if moment is None:
            return None
        if self.kind.kind == "date":
            return Decimal(moment.toordinal())
        if not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
        return Decimal((moment - _EPOCH) // timedelta(microseconds=1))

    def value(self, position: Decimal) -> Any:
        if self.kind.kind == "date":
            return date.fromordinal(min(max(1, int(position)), date.max.toordinal()))
        if self.kind.kind == "datetime":
            try:
                return _EPOCH + timedelta(microseconds=int(position))
            except OverflowError:
                # One step beyond the calendar's ends: the end itself stands for it.
                last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
                return last if position > 0 else first
        return position

    def words(self, position: Decimal) -> str:
        return show(self.value(position), self.kind)


def _ordered(key: str, label: str, values: Sequence[Any], kind: FieldType) -> Axis:
    scale = _Scale(kind)
    positions = {scale.position(value) for value in values}
    cuts = sorted(position for position in positions if position is not None)
    if not cuts:
        return Axis(key, label, (Cell(scale.value(Decimal(1)), label, ordered=True),), ordered=True)
    cells = [*_below(cuts[0], scale)]
    for index, cut in enumerate(cuts):
        words = scale.words(cut)
        cells.append(Cell(scale.value(cut), words, words, words, True, True, True))
        if index + 1 < len(cuts):
            cells += _between(cut, cuts[index + 1], scale)
    last = scale.words(cuts[-1])
    above = _EXACT.add(cuts[-1], scale.step or Decimal(1))
    cells.append(Cell(scale.value(above), f"over {last}", last, None, ordered=True))
    return Axis(key, label, tuple(cells), ordered=True)


def _below(first: Decimal, scale: _Scale) -> Iterator[Cell]:
    """Yield what lies under the first cut; amounts start at zero unless a row names less."""
    words, step = scale.words(first), scale.step or Decimal(1)
    dated = scale.kind.kind in ("date", "datetime")
    if dated or first <= 0:
        value = scale.value(_EXACT.subtract(first, step))
        yield Cell(
            value, f"under {words}", None, words, ordered=True, quiet=first == 0 and not dated
        )
        return
    zero = scale.words(Decimal(0))
    yield Cell(-step, f"under {zero}", None, zero, ordered=True, quiet=True)
    yield Cell(Decimal(0), f"under {words}", zero, words, low_included=True, ordered=True)


def _between(low: Decimal, high: Decimal, scale: _Scale) -> Iterator[Cell]:
    """Yield the cell between two cuts, unless no value of the field lies there."""
    if scale.step is not None:
        inside = _EXACT.add(low, scale.step)
        if inside >= high:
            return
    else:
        inside = _EXACT.divide(_EXACT.add(low, high), Decimal(2))
    first, last = scale.words(low), scale.words(high)
    yield Cell(scale.value(inside), f"between {first} and {last}", first, last, ordered=True)


def holds(node: Node, place: Mapping[str, Cell]) -> bool:
    """Tell whether a condition holds at one place: a cell for every axis."""
    if isinstance(node, Always):
        return True
    if isinstance(node, Negation):
        return not holds(node.part, place)
    if isinstance(node, Group):
        results = (holds(part, place) for part in node.parts)
        return all(results) if node.kind == "all" else any(results)
    return _atom_holds(node, place)


def _atom_holds(atom: Triple, place: Mapping[str, Cell]) -> bool:
    value = place[key_of(atom)].value
    if not _fixed(atom):
        return bool(value)
    if atom.operator in ("is set", "is empty"):
        return (value is None) is (atom.operator == "is empty")
    currency = place.get(currency_key(atom))
    if currency is not None and isinstance(value, Decimal):
        value = Money(value, str(currency.value))
    rights = tuple(operand.value for operand in atom.operands if isinstance(operand, Literal))
    if atom.operator == "between":
        return is_between(value, rights[0], rights[1])
    return BINARY[str(atom.operator)](value, rights if atom.listed else rights[0])
