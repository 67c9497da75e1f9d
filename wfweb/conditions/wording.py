"""Conditions in plain words: "Amount is over 1,000.00"."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from .model import Always, Group, Negation, Node, Operand, Path, Reference, Triple
from .schema import NO_FIELDS, FieldType, FieldTypes
from .values import OPAQUE, Money, as_moment, as_number, normalise

_MAX_SHOWN: Final = 120
_MAX_MEMBERS: Final = 9
_PLAIN: Final = {
    "=": "is",
    "!=": "is not",
    ">": "is over",
    ">=": "is at least",
    "<": "is under",
    "<=": "is at most",
    "in": "is one of",
    "not in": "is none of",
    "contains": "contains",
    "not contains": "does not contain",
    "is set": "has a value",
    "is empty": "is empty",
    "between": "is between",
    "changed": "has changed",
}
_OF_TIME: Final = {
    ">": "is after",
    ">=": "is on or after",
    "<": "is before",
    "<=": "is on or before",
}
_AGGREGATES: Final = {
    "sum": "the total of",
    "min": "the lowest",
    "max": "the highest",
    "count": "the number of",
}


def describe_node(node: Node, fields: FieldTypes = NO_FIELDS, hint: FieldType | None = None) -> str:
    """Return one reading of a condition, without the full stop.

    ``hint`` gives the type of the left side where the fields do not tell it.
    """
    if isinstance(node, Always):
        return "always"
    if isinstance(node, Negation):
        return f"not ({describe_node(node.part, fields)})"
    if isinstance(node, Group):
        return _group(node, fields)
    return _triple(node, fields, hint)


def _group(node: Group, fields: FieldTypes) -> str:
    joint = " and " if node.kind == "all" else " or "
    parts = []
    for part in node.parts:
        text = describe_node(part, fields)
        mixed = isinstance(part, Group) and part.kind != node.kind and len(part.parts) > 1
        parts.append(f"({text})" if mixed else text)
    return joint.join(parts)


def _triple(node: Triple, fields: FieldTypes, hint: FieldType | None) -> str:
    kind = hint or fields.find(node.path)
    if node.aggregate in ("any", "all"):
        return _lines(node, fields, kind)
    subject = fields.label(node.path)
    if node.aggregate is not None:
        name = subject[:1].lower() + subject[1:]
        subject = f"{_AGGREGATES[node.aggregate]} {name}"
        if node.where is not None:
            subject += f" (lines where {describe_node(node.where, _inside(node, fields))})"
        if node.aggregate == "count":
            kind = FieldType("integer")
    return f"{subject} {_predicate(node, fields, kind)}"


def _lines(node: Triple, fields: FieldTypes, kind: FieldType | None) -> str:
    quantity = "at least one" if node.aggregate == "any" else "every one"
    label = fields.label(node.lines)
    text = f"{quantity} of {label[:1].lower() + label[1:]}"
    if node.where is not None:
        inner = describe_node(node.where, _inside(node, fields))
        text += f" fulfils: {inner}" if node.operator is None else f" where {inner}"
    if node.operator is not None:
        name = fields.label(node.path)
        text += f" has: {name[:1].lower() + name[1:]} {_predicate(node, fields, kind)}"
    return text


def _inside(node: Triple, fields: FieldTypes) -> FieldTypes:
    for size in range(len(node.path.keys), 0, -1):
        parent = fields.find(Path(node.path.root, node.path.keys[:size]))
        if parent is not None and parent.kind == "lines":
            return fields.for_line(parent)
    return fields


def operator_words(operator: str, *, timed: bool = False) -> str:
    """Return an operator in words; of days and moments, when ``timed``, one speaks otherwise."""
    return _OF_TIME.get(operator, _PLAIN[operator]) if timed else _PLAIN[operator]


def _predicate(node: Triple, fields: FieldTypes, kind: FieldType | None) -> str:
    operator = str(node.operator)
    shown = [_operand(operand, fields, kind) for operand in node.operands]
    timed = kind is not None and kind.kind in ("date", "datetime")
    if not timed and kind is None:
        timed = any(
            not isinstance(o, Reference) and as_moment(o.value) is not None for o in node.operands
        )
    words = operator_words(operator, timed=timed)
    if operator == "between":
        return f"{words} {shown[0]} and {shown[1]}"
    return f"{words} {_shortened(shown)}".rstrip()


def _operand(operand: Operand, fields: FieldTypes, kind: FieldType | None) -> str:
    if isinstance(operand, Reference):
        name = fields.label(operand.path)
        return name[:1].lower() + name[1:]
    return show(operand.value, kind)


def show(value: Any, kind: FieldType | None = None) -> str:  # noqa: PLR0911 - a table of types
    """Return a normalised value for people: money with cents, thousands apart, dates as ISO."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Money):
        return f"{_digits(value.amount, 2)} {value.currency}"
    number = (
        as_number(value) if kind is None or kind.kind in ("money", "number", "integer") else None
    )
    if number is not None and (not isinstance(value, str) or kind is not None):
        return _digits(Decimal(number), 2 if kind is not None and kind.kind == "money" else 0)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return _members(value, kind)
    if value is OPAQUE:
        return "something else"
    text = kind.choices.get(str(value), str(value)) if kind is not None else str(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _members(values: Sequence[Any], kind: FieldType | None) -> str:
    return _shortened([_member(value, kind) for value in values]) or "nothing"


def _shortened(shown: list[str]) -> str:
    rest = len(shown) - _MAX_MEMBERS
    return ", ".join([*shown[:_MAX_MEMBERS], f"{rest} others"] if rest > 1 else shown)


def _member(value: Any, kind: FieldType | None) -> str:
    known = normalise(value)
    return "a list" if isinstance(known, tuple) else show(known, kind)


def _digits(number: Decimal, least: int) -> str:
    """Return a number with thousands separators and at least ``least`` decimals, never rounded."""
    places = max(-int(number.as_tuple().exponent), 0)
    text = format(number, f",.{min(places, _MAX_SHOWN)}f")
    whole, _, rest = text.partition(".")
    rest = rest.rstrip("0").ljust(least, "0")
    return f"{whole}.{rest}" if rest else whole
