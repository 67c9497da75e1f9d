"""Checking a condition against the types of the fields it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from .model import ORDERING, WITHOUT_VALUE, Path, Problem, reference_of
from .schema import FieldType, FieldTypes
from .validation import Structure, joined
from .values import Money, as_moment, as_number, normalise, order

_NUMERIC: Final = ("number", "integer", "money")
_DATED: Final = ("date", "datetime")
_ORDERED: Final = (*_NUMERIC, *_DATED)
_TEXTUAL: Final = ("text", "choice", "person", "reference")
_WHOLE: Final = ("lines", "file")

_WORDS: Final = {
    "text": "a text",
    "number": "a number",
    "integer": "a whole number",
    "money": "an amount of money",
    "date": "a date",
    "datetime": "a date with time",
    "boolean": "yes or no",
    "choice": "a choice",
    "person": "a person",
    "reference": "a record",
    "lines": "lines",
    "file": "a file",
    "list": "a list",
}


def validate(condition: Any, fields: FieldTypes) -> list[Problem]:
    """Return every fault of a condition: its shape, unknown names, types that do not fit.

    Each ``Problem`` names its place (``all[1].value``). With none the condition may be saved.
    """
    walk = Structure()
    walk.walk(condition)
    problems = list(walk.problems)
    for place, triple, lines in walk.triples:
        problems += _Typed(place, fields, lines).check(triple)
    return problems


def operators_of(kind: str) -> tuple[str, ...]:
    """Return the operators that compare a kind of field with a value."""
    if kind in _ORDERED:
        return ("=", "!=", *ORDERING, "between", "in", "not in")
    if kind == "boolean":
        return ("=", "!=")
    if kind == "list":
        return ("contains", "not contains")
    if kind in _WHOLE:
        return ()
    texts = ("contains", "not contains") if kind == "text" else ()
    return ("=", "!=", "in", "not in", *texts)


class _Typed:
    """Type checks of one triple."""

    def __init__(self, place: str, fields: FieldTypes, lines: str | None) -> None:
        self.place = place
        self.root = "record" if lines is None else "line"
        parent = None if lines is None else fields.find(Path.read(lines))
        self.fields = fields if parent is None else fields.for_line(parent)
        self.problems: list[Problem] = []

    def fault(self, step: str, message: str) -> None:
        self.problems.append(Problem(joined(self.place, step), message))

    def check(self, triple: Mapping[str, Any]) -> list[Problem]:
        kind = self._kind_of(triple["field"], "field")
        if kind is not None:
            aggregate = triple.get("aggregate")
            left = (
                self._plain(kind, triple) if aggregate is None else self._aggregated(kind, triple)
            )
            operator = triple.get("operator")
            if left is not None and operator is not None:
                self._operator(left, operator, triple.get("value"))
        return self.problems

    def _kind_of(self, name: str, step: str) -> FieldType | None:
        path = Path.read(name, self.root)
        kind = self.fields.find(path)
        if kind is None:
            self.fault(step, f"There is no field “{name[:60]}”")
        return kind

    def _plain(self, kind: FieldType, triple: Mapping[str, Any]) -> FieldType | None:
        path = Path.read(triple["field"], self.root)
        if len(path.keys) > 1:
            parent = self.fields.find(Path(path.root, path.keys[:-1]))
            if parent is not None and parent.kind == "lines":
                self.fault(
                    "aggregate", "Say how to look at the lines: sum, count, min, max, any or all"
                )
                return None
        if triple.get("operator") == "changed" and path.root != "record":
            self.fault("field", "Only fields of the record can have changed")
            return None
        return kind

    def _aggregated(self, kind: FieldType, triple: Mapping[str, Any]) -> FieldType | None:
        """Return the type that an aggregate gives, after checking that it fits the field."""
        aggregate = triple["aggregate"]
        path = Path.read(triple["field"], self.root)
        parent = self.fields.find(Path(path.root, path.keys[:-1])) if len(path.keys) > 1 else None
        whole = kind.kind == "lines"
        if not whole and (parent is None or parent.kind != "lines"):
            self.fault("aggregate", f"“{triple['field']}” has no lines to look at")
        elif aggregate == "count":
            return FieldType("integer")
        elif whole and aggregate in ("any", "all"):
            if triple.get("operator") is not None:
                self.fault(
                    "field", "Name the field of the line, or leave the operator out and use where"
                )
        elif whole:
            self.fault("field", f"Name the field of the line to take the {aggregate} of")
        elif aggregate == "sum" and kind.kind not in _NUMERIC:
            self.fault("aggregate", f"Only numbers and money have a sum, not {_WORDS[kind.kind]}")
        elif aggregate in ("min", "max") and kind.kind not in _ORDERED:
            self.fault("aggregate", f"Only numbers, money and dates have a {aggregate}")
        else:
            return kind
        return None

    def _operator(self, left: FieldType, operator: str, value: Any) -> None:
        if operator in WITHOUT_VALUE:
            return
        fits = operators_of(left.kind)
        if operator not in fits:
            known = ", ".join(fits) or "“is set” or “is empty”"
            self.fault("operator", f"“{operator}” does not suit {_WORDS[left.kind]}; use {known}")
        elif operator in ("in", "not in") and reference_of(value) is not None:
            kind = self._kind_of(str(reference_of(value)), "value")
            if kind is not None and kind.kind != "list":
                self.fault("value", "Refer to a field that holds a list")
        elif isinstance(value, (list, tuple)):
            for index, member in enumerate(value):
                self._value(left, member, f"value[{index}]")
            if operator == "between":
                self._ends(value)
        else:
            self._value(left, value, "value", contains="contains" in operator)

    def _ends(self, ends: Any) -> None:
        if order(normalise(ends[0]), normalise(ends[1])) == 1:
            self.fault("value", "The first end must not be above the second")

    def _value(self, left: FieldType, value: Any, step: str, *, contains: bool = False) -> None:
        inner = reference_of(value)
        if inner is not None:
            right = self._kind_of(inner, step)
            if right is not None and not contains and not _alike(left.kind, right.kind):
                self.fault(
                    step,
                    f"{_WORDS[left.kind].capitalize()} does not compare with {_WORDS[right.kind]}",
                )
            return
        if left.kind == "list":
            return
        wanted = replace(left, kind="text") if contains else left
        if left.kind == "number" and isinstance(value, str) and _padded(value):
            # Exact numbers are kept as texts without needless zeros, and texts equal by letters.
            self.fault(step, "Write the number without zeros at its ends, or without quotes")
        elif not _fits(wanted, normalise(value)):
            self.fault(step, _expected(wanted))


def _padded(text: str) -> bool:
    number = as_number(text)
    plain = text.removeprefix("-")
    leading = plain.startswith("0") and plain[1:2] not in ("", ".")
    return number is not None and (leading or ("." in text and text.endswith("0")))


def _alike(left: str, right: str) -> bool:
    return left == right or any(
        left in group and right in group for group in (_NUMERIC, _DATED, _TEXTUAL)
    )


def _fits(kind: FieldType, value: Any) -> bool:
    """Tell whether a literal (in comparable form) is a value of the type."""
    number = as_number(value)
    if kind.kind in _NUMERIC:
        if number is None:
            return kind.kind == "money" and isinstance(value, Money)
        whole = Decimal(number) == Decimal(number).to_integral_value()
        return whole or kind.kind != "integer"
    if kind.kind in _DATED:
        return as_moment(value) is not None
    if kind.kind == "boolean":
        return isinstance(value, bool)
    if kind.kind == "choice" and kind.choices:
        return isinstance(value, str) and value in kind.choices
    return isinstance(value, str)


def _expected(kind: FieldType) -> str:
    if kind.kind == "choice" and kind.choices:
        return f"Choose one of {', '.join(list(kind.choices)[:20])}"
    if kind.kind in _DATED:
        return f"Write {_WORDS[kind.kind]} as 2026-11-21 or 2026-11-21T08:00:00Z"
    return f"Write {_WORDS[kind.kind]}"
