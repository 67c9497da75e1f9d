"""Forms from fields: what was typed, and the data it means.

*Typed* values are what an input holds (texts), kept exactly as they came so that a refused
form shows them again; *data* is what verbs take. Both follow the order of the fields.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from wfweb.records.fields import MAX_LINES, Field, storable
from wfweb.records.lookups import ids_of_people, ids_of_records
from wfweb.records.schema import UUID_PATTERN
from wfweb.records.shape import Shape

Typed = dict[str, Any]
Form = MultiDict[str, str]

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_UUID = re.compile(UUID_PATTERN)
_ACT = re.compile(r"(add|remove):([a-z][a-z0-9_]{0,62})(?::([0-9]{1,4}))?")
MINUTES: Final = 16


def settable(shape: Shape) -> list[Field]:
    """Return the fields that people fill in."""
    return [f for f in shape.fields if f.code not in shape.computed and not f.read_only]


# ---- from the posted form to what was typed ----


def read_typed(shape: Shape, form: Form) -> Typed:
    """Return what was typed into the fields of a form, lines in the order they stand in."""
    return {field.code: _typed(field, form, field.code) for field in settable(shape)}


def _typed(field: Field, form: Form, name: str) -> Any:
    if field.type == "lines":
        return _typed_lines(field, form)
    if field.type == "money":
        return {
            "amount": form.get(f"{name}.amount", "").strip(),
            "currency": form.get(f"{name}.currency", field.currency or "").strip(),
        }
    if field.type == "boolean":
        return form.get(name) in {"true", "on", "1"}
    # Browsers send CR LF for every line end; records keep what was typed: LF.
    value = form.get(name, "").replace("\r\n", "\n")
    return value if field.type in {"text", "longtext"} else value.strip()


def _typed_lines(field: Field, form: Form) -> list[Typed]:
    pattern = re.compile(rf"{field.code}\.([0-9]{{1,6}})\.")
    numbers = sorted({int(m[1]) for name in form if (m := pattern.match(name))})
    lines = []
    for number in numbers[: MAX_LINES + 1]:
        prefix = f"{field.code}.{number}"
        line = {inner.code: _typed(inner, form, f"{prefix}.{inner.code}") for inner in field.fields}
        line["id"] = form.get(f"{prefix}.id", "")
        lines.append(line)
    return lines


def is_blank(field: Field, line: Typed) -> bool:
    """Tell whether nothing was typed into a line; a chosen currency alone is nothing."""
    for inner in field.fields:
        value = line.get(inner.code)
        typed = value["amount"] if isinstance(value, Mapping) else value
        if typed and typed != inner.default:
            return False
    return True


def without_blank_lines(shape: Shape, typed: Typed) -> Typed:
    """Leave out lines into which nothing was typed, so that places count as people see them."""
    kept = dict(typed)
    for field in settable(shape):
        if field.type == "lines":
            kept[field.code] = [line for line in typed[field.code] if not is_blank(field, line)]
    return kept


def apply_act(shape: Shape, typed: Typed, act: str) -> bool:
    """Add or remove a line as a button without JavaScript asks; false when it is no such act."""
    match = _ACT.fullmatch(act)
    field = shape.by_code.get(match[2]) if match else None
    if match is None or field is None or field.type != "lines":
        return False
    lines = typed[field.code]
    if match[1] == "add" and len(lines) < MAX_LINES:
        lines.append(blank_line(field))
    elif match[1] == "remove" and match[3] and int(match[3]) < len(lines):
        del lines[int(match[3])]
    return True


# ---- from what was typed to data ----


def to_data(shape: Shape, typed: Typed, zone: ZoneInfo) -> dict[str, Any]:
    """Return the data that was meant; what cannot be read stays as typed and is refused later.

    People may be named by address and records by key, which is what the suggestions insert.
    """
    named = _Named(shape, typed)
    return {field.code: _meant(field, typed[field.code], zone, named) for field in settable(shape)}


class _Named:
    """Ids of people and records that were typed as address or key; two queries at most."""

    def __init__(self, shape: Shape, typed: Typed) -> None:
        texts = list(_pointing(settable(shape), typed))
        people = {t for kind, t in texts if kind == "person" and not _UUID.fullmatch(t)}
        keys = {t for kind, t in texts if kind == "reference" and not _UUID.fullmatch(t)}
        self.people = ids_of_people(filter(storable, people))
        self.records = ids_of_records(filter(storable, keys))

    def id_of(self, kind: str, text: str) -> str:
        if kind == "person":
            return self.people.get(text.lower(), text)
        return self.records.get(text.upper(), text)


def _pointing(fields: list[Field], typed: Typed) -> Iterator[tuple[str, str]]:
    for field in fields:
        value = typed.get(field.code)
        if field.type in {"person", "reference"} and value:
            yield field.type, value
        elif field.type == "lines":
            for line in value or []:
                yield from _pointing(list(field.fields), line)


def _meant(field: Field, value: Any, zone: ZoneInfo, named: _Named) -> Any:
    if field.type == "lines":
        return [_meant_line(field, line, zone, named) for line in value]
    if field.type == "money":
        return value if value["amount"] else None
    if value == "":
        return None
    reader = _READERS.get(field.type)
    return reader(field, value, zone, named) if reader else value


def _meant_line(field: Field, line: Typed, zone: ZoneInfo, named: _Named) -> dict[str, Any]:
    meant = {
        inner.code: value
        for inner in field.fields
        if (value := _meant(inner, line.get(inner.code, ""), zone, named)) is not None
    }
    return {"id": line["id"], **meant} if line.get("id") else meant


def _moment(value: str, zone: ZoneInfo) -> str:
    """Return a moment typed in the person's own zone as an instant."""
    if not _LOCAL.fullmatch(value):
        return value
    try:
        local = datetime.fromisoformat(value).replace(tzinfo=zone)
        return local.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return value


_READERS: Final[Mapping[str, Callable[[Field, Any, ZoneInfo, _Named], Any]]] = {
    "integer": lambda _field, text, _zone, _named: int(text) if _WHOLE.fullmatch(text) else text,
    "datetime": lambda _field, text, zone, _named: _moment(text, zone),
    "person": lambda field, text, _zone, named: named.id_of(field.type, text),
    "reference": lambda field, text, _zone, named: named.id_of(field.type, text),
}


# ---- from data to what stands in the inputs ----


def typed_of(shape: Shape, data: Mapping[str, Any], zone: ZoneInfo) -> Typed:
    """Return what the inputs of a form show for data."""
    return {field.code: _shown(field, data.get(field.code), zone) for field in settable(shape)}


def blank_form(shape: Shape, zone: ZoneInfo) -> Typed:
    """Return the inputs of a new record: defaults, and one empty line where lines are needed."""
    data = {f.code: f.default for f in settable(shape) if f.default is not None}
    typed = typed_of(shape, data, zone)
    for field in settable(shape):
        if field.type == "lines":
            typed[field.code] = [blank_line(field)]
    return typed


def blank_line(field: Field) -> Typed:
    """Return the inputs of an empty line."""
    zone = ZoneInfo("UTC")
    return {"id": "", **{inner.code: _shown(inner, inner.default, zone) for inner in field.fields}}


def _shown(field: Field, value: Any, zone: ZoneInfo) -> Any:
    if field.type == "lines":
        return [
            {
                "id": line.get("id", ""),
                **{inner.code: _shown(inner, line.get(inner.code), zone) for inner in field.fields},
            }
            for line in value or []
        ]
    if field.type == "money":
        return dict(value) if value else {"amount": "", "currency": field.currency or ""}
    if field.type == "boolean":
        return bool(value)
    if value is None:
        return ""
    if field.type == "datetime":
        moment = datetime.fromisoformat(value).astimezone(zone)
        return moment.replace(tzinfo=None).isoformat()[:MINUTES]
    return str(value)
