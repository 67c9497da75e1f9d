"""The JSON Schema (2020-12) of a record type, derived from its fields."""

from collections.abc import Iterable
from typing import Any, Final

from wfweb.records.fields import MAX_LINES, Field
from wfweb.records.money import AMOUNT

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
UUID_PATTERN: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
DATE_PATTERN: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
DATETIME_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
LARGEST_WHOLE: Final = 2**53 - 1


def schema_of(fields: Iterable[Field], *, title: str = "") -> dict[str, Any]:
    """Return the schema that every record of these fields satisfies.

    Fields that wfweb computes or that people may not set are in it as well: it
    describes what is read, and the checks say who may write.
    """
    schema = {"$schema": DIALECT, **_object(fields)}
    if title:
        schema["title"] = title
    return schema


def _object(fields: Iterable[Field]) -> dict[str, Any]:
    known = list(fields)
    return {
        "type": "object",
        "properties": {field.code: _property(field) for field in known},
        "required": [field.code for field in known if field.required],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    shape = _SHAPES[field.type](field)
    shape["title"] = field.label
    if field.help:
        shape["description"] = field.help
    if field.read_only:
        shape["readOnly"] = True
    return shape


def _text(field: Field) -> dict[str, Any]:
    return {"type": "string", "maxLength": field.max_length}


def _integer(field: Field) -> dict[str, Any]:
    low = -LARGEST_WHOLE if field.minimum is None else int(field.minimum)
    high = LARGEST_WHOLE if field.maximum is None else int(field.maximum)
    return {"type": "integer", "minimum": low, "maximum": high}


def _number(_field: Field) -> dict[str, Any]:
    # A decimal text is exact; a JSON number is taken as the decimal that was written.
    return {"type": ["string", "number"], "pattern": AMOUNT}


def _money(field: Field) -> dict[str, Any]:
    currency: dict[str, Any] = {"type": "string", "pattern": "^[A-Z]{3}$"}
    if field.allowed_currencies:
        currency["enum"] = list(field.allowed_currencies)
    return {
        "type": "object",
        "properties": {"amount": {"type": "string", "pattern": AMOUNT}, "currency": currency},
        "required": ["amount", "currency"],
        "additionalProperties": False,
    }


def _pattern(pattern: str, fmt: str) -> dict[str, Any]:
    return {"type": "string", "pattern": pattern, "format": fmt}


def _choice(field: Field) -> dict[str, Any]:
    return {"type": "string", "enum": [choice.value for choice in field.choices]}


def _lines(field: Field) -> dict[str, Any]:
    item = _object(field.fields)
    item["properties"] = {"id": {"type": "string", "maxLength": 36}, **item["properties"]}
    most = MAX_LINES if field.maximum is None else int(field.maximum)
    least = int(field.minimum or 0) or (1 if field.required else 0)
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


_SHAPES: Final = {
    "text": _text,
    "longtext": _text,
    "email": _text,
    "url": _text,
    "number": _number,
    "integer": _integer,
    "money": _money,
    "date": lambda _field: _pattern(DATE_PATTERN, "date"),
    "datetime": lambda _field: _pattern(DATETIME_PATTERN, "date-time"),
    "boolean": lambda _field: {"type": "boolean"},
    "choice": _choice,
    "person": lambda _field: _pattern(UUID_PATTERN, "uuid"),
    "reference": lambda _field: _pattern(UUID_PATTERN, "uuid"),
    "file": lambda _field: _pattern(UUID_PATTERN, "uuid"),
    "lines": _lines,
}
