"""The form of a record type: from inputs to a definition and back.

Everything typed stays text until :func:`wfweb.records.definition.read_definition` reads it,
so there is one place that says what is wrong.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from wfweb.records.field_reading import MAX_FIELDS

Typed = dict[str, Any]
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_ACT = re.compile(r"(add|remove|up|down)(?::([0-9]{1,3}))?(?::([0-9]{1,3}))?")
_FLAGS: Final = ("required", "read_only", "material", "pii")
_WORDS: Final = (
    "code", "label", "type", "help", "section", "reference", "minimum", "maximum", "currency",
)  # fmt: skip
_NUMBERS: Final = ("max_length", "scale")
_TEXTS: Final = (
    "name", "plural", "description", "icon", "title_template", "amount_field",
    "default_workflow", "code", "key_prefix",
)  # fmt: skip
ACTIONS: Final = ("view", "create", "edit")


def read_typed(form: "MultiDict[str, str]") -> Typed:
    """Return what was typed into the form of a record type."""
    typed: Typed = {name: form.get(name, "").strip() for name in _TEXTS}
    for name in ("list_columns", "searchable", "totals", "actions"):
        typed[name] = form.get(name, "").replace("\r\n", "\n").strip()
    typed["permissions"] = {a: form.get(f"permissions.{a}", "").strip() for a in ACTIONS}
    typed["active"] = form.get("active") == "true"
    typed["fields"] = _fields(form, "fields", nested=True)
    return typed


def _fields(form: "MultiDict[str, str]", prefix: str, *, nested: bool) -> list[Typed]:
    pattern = re.compile(rf"{re.escape(prefix)}\.([0-9]{{1,3}})\.")
    numbers = sorted({int(match[1]) for name in form if (match := pattern.match(name))})
    found = []
    for number in numbers[: MAX_FIELDS + 1]:
        here = f"{prefix}.{number}"
        field: Typed = {
            name: form.get(f"{here}.{name}", "").strip() for name in (*_WORDS, *_NUMBERS)
        }
        field |= {name: form.get(f"{here}.{name}") == "true" for name in _FLAGS}
        field["default"] = form.get(f"{here}.default", "").strip()
        field["currencies"] = form.get(f"{here}.currencies", "").strip()
        field["choices"] = form.get(f"{here}.choices", "").replace("\r\n", "\n").strip()
        field["fields"] = _fields(form, f"{here}.fields", nested=False) if nested else []
        found.append(field)
    return found


def apply_act(typed: Typed, act: str) -> bool:
    """Add, remove or move a field as a button asks; false when it is no such act."""
    match = _ACT.fullmatch(act)
    if match is None:
        return False
    verb, first, second = match[1], match[2], match[3]
    fields = typed["fields"]
    if verb == "add":
        target = fields if first is None else _nested(fields, int(first))
        target.append(blank_field())
        return True
    if first is None:
        return False
    if second is not None:
        fields, first = _nested(fields, int(first)), second
    _move(fields, verb, int(first))
    return True


def _nested(fields: list[Typed], number: int) -> list[Typed]:
    inner: list[Typed] = fields[number]["fields"] if number < len(fields) else []
    return inner


def _move(fields: list[Typed], verb: str, number: int) -> None:
    if number >= len(fields):
        return
    field = fields.pop(number)
    if verb != "remove":
        place = number - 1 if verb == "up" else number + 1
        fields.insert(max(0, min(place, len(fields))), field)


def blank_field() -> Typed:
    """Return the inputs of a new field."""
    words = dict.fromkeys((*_WORDS, *_NUMBERS, "default", "currencies", "choices"), "")
    return {**words, **dict.fromkeys(_FLAGS, False), "type": "text", "fields": []}


def to_definition(typed: Typed) -> dict[str, Any]:
    """Return the definition that was meant."""
    definition: dict[str, Any] = {name: typed[name] for name in _TEXTS if typed[name]}
    definition["active"] = typed["active"]
    definition["fields"] = [_meant_field(field) for field in typed["fields"]]
    for name in ("list_columns", "searchable"):
        definition[name] = _words(typed[name])
    definition["totals"] = [_total(line) for line in _lines(typed["totals"])]
    definition["actions"] = [_pair(line, "code") for line in _lines(typed["actions"])]
    definition["permissions"] = {
        action: words if len(words) > 1 else words[0]
        for action, text in typed["permissions"].items()
        if (words := _words(text))
    }
    return definition


def _meant_field(field: Typed) -> dict[str, Any]:
    meant: dict[str, Any] = {name: field[name] for name in _WORDS if field[name]}
    meant |= {name: True for name in _FLAGS if field[name]}
    for name in _NUMBERS:
        if field[name]:
            meant[name] = int(field[name]) if _WHOLE.fullmatch(field[name]) else field[name]
    if field["currencies"]:
        meant["currencies"] = _words(field["currencies"])
    if field["choices"]:
        meant["choices"] = [_pair(line, "value") for line in _lines(field["choices"])]
    if field["fields"]:
        meant["fields"] = [_meant_field(inner) for inner in field["fields"]]
    if field["default"]:
        meant["default"] = _default(field)
    return meant


def _default(field: Typed) -> Any:
    text, kind = field["default"], field["type"]
    if kind == "boolean":
        return text.lower() in {"true", "yes", "1"}
    if kind == "integer" and _WHOLE.fullmatch(text):
        return int(text)
    if kind == "money":
        amount, _, currency = text.partition(" ")
        return {"amount": amount, "currency": currency or field["currency"]}
    return text


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _pair(line: str, first: str) -> dict[str, str]:
    value, sign, label = line.partition("=")
    pair = {first: value.strip()}
    return {**pair, "label": label.strip()} if sign and label.strip() else pair


def _total(line: str) -> dict[str, str]:
    field, _, total = line.partition("=")
    return {"field": field.strip(), "sum": total.strip()}


def typed_of(definition: Mapping[str, Any]) -> Typed:
    """Return what the inputs show for a definition."""
    typed: Typed = {name: definition.get(name) or "" for name in _TEXTS}
    typed["list_columns"] = ", ".join(definition.get("list_columns") or [])
    typed["searchable"] = ", ".join(definition.get("searchable") or [])
    totals = definition.get("totals") or []
    typed["totals"] = "\n".join(f"{one['field']} = {one['sum']}" for one in totals)
    typed["actions"] = _joined(definition.get("actions") or [], "code")
    given = definition.get("permissions") or {}
    typed["permissions"] = {action: _listed(given.get(action)) for action in ACTIONS}
    typed["active"] = definition.get("active", True)
    typed["fields"] = [_shown_field(field) for field in definition.get("fields") or []]
    return typed


def _joined(pairs: list[Mapping[str, str]], first: str) -> str:
    return "\n".join(f"{pair[first]} = {pair['label']}" for pair in pairs)


def _listed(value: str | list[str] | None) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""


def _shown_field(field: Mapping[str, Any]) -> Typed:
    shown = blank_field()
    shown |= {name: str(field[name]) for name in (*_WORDS, *_NUMBERS) if name in field}
    shown |= {name: bool(field.get(name)) for name in _FLAGS}
    shown["currencies"] = ", ".join(field.get("currencies") or [])
    shown["choices"] = _joined(field.get("choices") or [], "value")
    shown["fields"] = [_shown_field(inner) for inner in field.get("fields") or []]
    default = field.get("default")
    if isinstance(default, Mapping):
        shown["default"] = f"{default['amount']} {default['currency']}"
    elif default is not None:
        shown["default"] = str(default).lower() if isinstance(default, bool) else str(default)
    return shown
