"""What a form shows of the rows of a condition: the fields, tests and values to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from .checking import operators_of
from .explanation import describe
from .model import OPERATORS, WITHOUT_VALUE, MalformedConditionError, Path
from .rows import Row, Rows, kind_of, path_and_aggregate
from .schema import FieldType, FieldTypes
from .typed import NUMERIC
from .wording import operator_words

Option = tuple[str, str]
Group = tuple[str, list[Option]]

ROOTS: Final = {
    "": "Record",
    "event": "Event",
    "requester": "Person who asks",
    "instance": "Workflow",
    "clock": "Time",
}
_DATED: Final = ("date", "datetime")
_OVER: Final = {
    "count": "Number of {}",
    "sum": "Total of {}",
    "min": "Lowest {}",
    "max": "Highest {}",
    "any": "{} of at least one",
    "all": "{} of every one",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is drawn: what it holds, and what may be chosen in it.

    ``fits`` are the tests that suit the field, ``others`` the rest. ``unknown`` is the field
    where nothing of that name may be chosen any more. ``words`` tell what a written row says.
    """

    row: Row
    fits: list[Option]
    others: list[Option]
    suggestions: list[str]
    unknown: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Builder:
    """A whole condition as it is drawn; ``name`` begins the names of its fields.

    ``focus`` is the part that takes the focus when it arrives: ``2.field``, or ``add``.
    """

    name: str
    match: str
    groups: list[Group]
    lines: list[Line]
    focus: str = ""


def builder(
    name: str,
    rows: Rows,
    types: FieldTypes,
    roots: Sequence[str] = tuple(ROOTS),
    *,
    changes: bool = False,
    focus: str = "",
) -> Builder:
    """Return what the component ``ui.condition`` draws.

    :param roots: which contexts are there to ask: the record itself is the empty name.
    :param changes: whether fields can be asked whether they have changed.
    """
    groups = field_groups(types, roots)
    known = {code for _label, options in groups for code, _words in options}
    lines = [_line(row, types, known, changes=changes) for row in rows.rows]
    return Builder(name, rows.match, groups, lines, focus)


def _line(row: Row, types: FieldTypes, known: set[str], *, changes: bool) -> Line:
    if row.text is not None:
        return Line(row, [], [], [], words=_words(row.text, types))
    kind = kind_of(row.field, types)
    fits = _fitting(row, kind, changes=changes)
    words = [
        (code, operator_words(code, timed=kind is not None and kind.kind in _DATED))
        for code in OPERATORS
        if code != "changed" or changes or row.operator == code
    ]
    unknown = "" if not row.field or row.field in known else _label(row.field, types)
    return Line(
        row,
        [option for option in words if option[0] in fits],
        [option for option in words if option[0] not in fits],
        _suggestions(kind),
        unknown,
    )


def _fitting(row: Row, kind: FieldType | None, *, changes: bool) -> tuple[str, ...]:
    if kind is None:
        return OPERATORS
    path, aggregate = path_and_aggregate(row.field)
    plain = aggregate is None and Path.read(path).root == "record"
    always = WITHOUT_VALUE if changes and plain else WITHOUT_VALUE[:2]
    return (*operators_of(kind.kind), *always)


def _suggestions(kind: FieldType | None) -> list[str]:
    if kind is None:
        return []
    if kind.kind == "choice":
        return list(kind.choices.values())
    if kind.kind == "boolean":
        return ["yes", "no"]
    return ["{{clock.today}}", "{{clock.now}}"] if kind.kind in _DATED else []


def _words(text: str, types: FieldTypes) -> str:
    try:
        return describe(orjson.loads(text), types) if text else ""
    except (orjson.JSONDecodeError, MalformedConditionError):
        return ""


def _label(field: str, types: FieldTypes) -> str:
    path, aggregate = path_and_aggregate(field)
    name = types.label(Path.read(path))
    if aggregate is None:
        return name
    return _OVER[aggregate].format(name if aggregate in ("any", "all") else name.lower())


def field_groups(types: FieldTypes, roots: Sequence[str] = tuple(ROOTS)) -> list[Group]:
    """Return the fields a row may look at, those of sub-rows by what is asked of them."""
    groups: dict[str, list[Option]] = {root: [] for root in roots}
    lines: list[Group] = []
    for name, kind in types.items():
        root = name.partition(".")[0] if "." in name else ""
        if root not in groups:
            continue
        if kind.kind == "lines":
            lines.append((kind.label or _label(name, types), _over_lines(name, kind.lines, types)))
            continue
        groups[root].append((name, _label(name, types)))
        if kind.kind == "money":
            groups[root].append((f"{name}.currency", _label(f"{name}.currency", types)))
    first = [(ROOTS[root], options) for root, options in groups.items() if options]
    return [*first[:1], *lines, *first[1:]]


def _over_lines(name: str, inner: Mapping[str, FieldType], types: FieldTypes) -> list[Option]:
    found = [f"count({name})"]
    for member, kind in inner.items():
        some = ("sum",) if kind.kind in NUMERIC else ()
        ends = ("min", "max") if kind.kind in (*NUMERIC, *_DATED) else ()
        found += [f"{how}({name}.{member})" for how in (*some, *ends, "any", "all")]
    return [(code, _label(code, types)) for code in found]
