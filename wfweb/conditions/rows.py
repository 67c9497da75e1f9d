"""A condition as rows of a form, and rows of a form as a condition; nothing is ever dropped.

One row is one comparison: a field, an operator, a typed value. What a row cannot say (a group
inside a group, ``not``, ``where``, a value no line of text can hold) is a *written* row: it keeps
its JSON. So every condition has rows, and rows that nobody touched give back the very condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from .model import MAX_NODES, OPERATORS, WITHOUT_VALUE, MalformedConditionError, Path, Problem
from .schema import FieldType, FieldTypes
from .typed import is_reference, read, read_list, same, show, show_list

MOST_ROWS: Final = 40
LISTS: Final = ("in", "not in")
_PARTS: Final = ("field", "operator", "value", "until", "text")
_OVER_LINES = re.compile(r"(sum|count|min|max|any|all)\((.+)\)")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form. ``field`` is a path, or ``sum(lines.quantity)`` for sub-rows.

    ``until`` is the second end of ``between``. ``text`` is the JSON of a written row.
    """

    field: str = ""
    operator: str = "="
    value: str = ""
    until: str = ""
    text: str | None = None

    @property
    def blank(self) -> bool:
        """Whether nothing was chosen or typed yet."""
        return not (self.field or self.value or self.until or self.text)


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of a condition; ``match`` tells whether ``all`` or ``any`` of them have to hold."""

    match: str = "all"
    rows: tuple[Row, ...] = ()


def path_and_aggregate(field: str) -> tuple[str, str | None]:
    """Take ``sum(lines.quantity)`` apart; a plain path has no aggregate."""
    found = _OVER_LINES.fullmatch(field)
    return (found[2], found[1]) if found else (field, None)


def kind_of(field: str, types: FieldTypes) -> FieldType | None:
    """Return what a row's field gives to compare with; ``None`` when it is not known."""
    path, aggregate = path_and_aggregate(field)
    if aggregate == "count":
        return FieldType("integer")
    return types.find(Path.read(path)) if path else None


def rows_of(condition: Mapping[str, Any] | None, types: FieldTypes) -> Rows:
    """Return the rows that show a condition."""
    if not condition:
        return Rows()
    for match in ("all", "any"):
        parts = condition.get(match)
        if len(condition) == 1 and isinstance(parts, list) and 0 < len(parts) <= MOST_ROWS:
            return Rows(match, tuple(_row_of(part, types) for part in parts))
    return Rows("all", (_row_of(condition, types),))


def _row_of(part: Any, types: FieldTypes) -> Row:
    plain = isinstance(part, dict) and isinstance(part.get("field"), str)
    row = _typed_row(part, types) if plain else None
    if row is not None and _says(row, part, types):
        return row
    return Row(text=orjson.dumps(part, option=orjson.OPT_INDENT_2).decode())


def _typed_row(part: Mapping[str, Any], types: FieldTypes) -> Row | None:
    aggregate, operator, value = part.get("aggregate"), part.get("operator"), part.get("value")
    name = f"{aggregate}({part['field']})" if aggregate else part["field"]
    if operator not in OPERATORS or name != name.strip() or not name.isprintable():
        return None
    row = Row(name, operator)
    kind = kind_of(name, types)
    if operator in WITHOUT_VALUE:
        return row
    if operator == "between":
        ends = [show(end, kind) for end in value] if isinstance(value, list) else []
        if len(ends) != 2 or None in ends:  # noqa: PLR2004 - two ends
            return None
        return replace(row, value=ends[0] or "", until=ends[1] or "")
    shown = show_list(value, kind) if isinstance(value, list) else show(value, kind)
    return None if shown is None else replace(row, value=shown)


def _says(row: Row, part: Mapping[str, Any], types: FieldTypes) -> bool:
    """Tell whether a row, read back, is the part it was made of."""
    back = _triple(row, types)
    rest = {name: value for name, value in part.items() if name != "value"}
    return (
        back.keys() == part.keys()
        and {**back, **rest} == back
        and same(back.get("value"), part.get("value"), kind_of(row.field, types))
    )


def _triple(row: Row, types: FieldTypes) -> dict[str, Any]:
    path, aggregate = path_and_aggregate(row.field)
    triple: dict[str, Any] = {"field": path, "operator": row.operator}
    if aggregate:
        triple["aggregate"] = aggregate
    if row.operator not in WITHOUT_VALUE:
        triple["value"] = _value(row, types)
    return triple


def _value(row: Row, types: FieldTypes) -> Any:
    kind = kind_of(row.field, types)
    if row.operator == "between":
        return [read(row.value, kind), read(row.until, kind)]
    if row.operator not in LISTS:
        return read(row.value, kind)
    if is_reference(row.value):
        other = kind_of(row.value[2:-2].strip(), types)
        if other is not None and other.kind == "list":
            return row.value
    return read_list(row.value, kind)


def read_rows(form: Mapping[str, str], name: str) -> Rows:
    """Return the rows that a form posts as ``name.match``, ``name.0.field`` and so on."""
    numbers = set()
    for key in form:
        number = key.removeprefix(f"{name}.").partition(".")[0]
        if key.startswith(f"{name}.") and number.isascii() and number.isdigit():
            numbers.add(number)
    order = sorted((number for number in numbers if len(number) < 4), key=int)  # noqa: PLR2004
    rows = tuple(_read_row(form, f"{name}.{number}") for number in order[: MAX_NODES + 1])
    return Rows("any" if form.get(f"{name}.match") == "any" else "all", rows)


def _read_row(form: Mapping[str, str], place: str) -> Row:
    given = {
        part: form[f"{place}.{part}"].replace("\r\n", "\n").replace("\0", "").strip()
        for part in _PARTS
        if f"{place}.{part}" in form
    }
    return Row(**given)


def press(rows: Rows, act: str, name: str) -> Rows | None:
    """Return the rows after a button of theirs, or ``None`` when it is none of theirs.

    The buttons are ``name.add``, ``name.write`` (a row written as text), ``name.remove.2`` and
    ``name.redraw``, which changes nothing.
    """
    verb, _, number = act.removeprefix(f"{name}.").partition(".")
    if not act.startswith(f"{name}."):
        return None
    if verb in {"add", "write"}:
        added = Row() if verb == "add" else Row(text="")
        return replace(rows, rows=(*rows.rows, added) if len(rows.rows) < MAX_NODES else rows.rows)
    if verb == "remove" and number.isascii() and number.isdigit() and len(number) < 4:  # noqa: PLR2004
        at = int(number)
        return replace(rows, rows=rows.rows[:at] + rows.rows[at + 1 :])
    return rows if verb == "redraw" else None


def focus_after(rows: Rows, act: str, name: str) -> str:
    """Return what takes the focus after a button: the new row, or what adds another one."""
    last = len(rows.rows) - 1
    verb = act.removeprefix(f"{name}.").partition(".")[0] if act.startswith(f"{name}.") else ""
    return {"add": f"{last}.field", "write": f"{last}.text", "remove": "add"}.get(verb, "")


def condition_of(
    rows: Rows, types: FieldTypes, before: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """Return the condition that rows stand for; ``None`` when there are none, which is always.

    :param before: the condition that was shown; rows that nobody touched give it back as it was.
    :raises MalformedConditionError: naming rows, as ``2.text`` or ``0.field``, that say nothing.
    """
    if before and _filled(rows_of(before, types)) == _filled(rows):
        return dict(before)
    problems: list[Problem] = []
    parts = []
    for number, row in enumerate(rows.rows):
        if row.text:
            parts.append(_written(row.text, f"{number}.text", problems))
        elif not row.blank:
            if not row.field:
                problems.append(Problem(f"{number}.field", "Choose the field to look at"))
            parts.append(_triple(row, types))
    if problems:
        raise MalformedConditionError(problems)
    if len(parts) == 1 and isinstance(parts[0], dict):
        return parts[0] or None
    return {rows.match: parts} if parts else None


def _filled(rows: Rows) -> Rows:
    kept = tuple(row for row in rows.rows if not row.blank)
    # Of one row, all and any of them are the same.
    return Rows(rows.match if len(kept) > 1 else "all", kept)


def _written(text: str, place: str, problems: list[Problem]) -> Any:
    try:
        if "\\u0000" not in text:  # the one character that no database takes
            return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    example = '{"field": "category", "operator": "=", "value": "x"}'
    problems.append(Problem(place, f"Write a condition as JSON, such as {example}"))
    return None


def place(rows: Rows, path: str) -> str:
    """Return the part of the form that a place of the condition was typed in.

    ``all[1].value``, or ``/all/1/value``, is ``1.value`` where no row before it was blank;
    empty when it is none.
    """
    path = re.sub(r"/([0-9]+)", r"[\1]", path).strip("/").replace("/", ".")
    numbers = [number for number, row in enumerate(rows.rows) if not row.blank]
    inside = re.match(r"(?:all|any)\[([0-9]+)\]\.?", path) if len(numbers) > 1 else None
    at = int(inside[1]) if inside else 0
    if at >= len(numbers) or (len(numbers) > 1 and inside is None):
        return ""
    number, rest = numbers[at], path[inside.end() :] if inside else path
    row = rows.rows[number]
    if row.text is not None:
        return f"{number}.text"
    if row.operator == "between" and rest == "value[1]":
        return f"{number}.until"
    part = rest.partition("[")[0]
    return f"{number}.{part if part in {'operator', 'value'} else 'field'}"
