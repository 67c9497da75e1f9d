"""What is wrong, in words: schema findings become sentences that say what to enter."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from wfweb.kernel.errors import FieldError
from wfweb.records.field_reading import RESERVED
from wfweb.records.fields import Field, pointer
from wfweb.records.shape import Shape
from wfweb.records.values import spoken

_EXPECTED: Final[Mapping[str, str]] = {
    "text": "Enter {label} as text",
    "longtext": "Enter {label} as text",
    "number": "Enter {label} in digits, such as 1250.5",
    "integer": "Enter {label} as a whole number",
    "money": "Enter {label} in digits with its currency, such as 1250.50 and EUR",
    "date": "Enter {label} as a day such as 2026-03-31",
    "datetime": "Enter {label} as a moment with its zone, such as 2026-03-31T14:30:00+02:00",
    "boolean": "Answer {label} with true or false",
    "choice": "Choose {label} from the list",
    "person": "Choose a person for {label}",
    "reference": "Choose a record for {label}",
    "file": "Choose a file for {label}",
    "lines": "Give {label} as a list of lines",
    "email": "Enter {label} as an address such as ada@example.com",
    "url": "Enter {label} as an address such as https://example.com",
}
_PICKED: Final = frozenset({"choice", "person", "reference", "file"})


def unknown(type_name: str, code: str) -> FieldError:
    """Return the refusal of a name that is no field of the type."""
    shown = code[:60].encode("utf-8", "replace").decode()
    if code in RESERVED:
        return FieldError(pointer(code), f"“{shown}” is set by wfweb and never sent", "protected")
    return FieldError(pointer(code), f"{type_name} has no field “{shown}”", "unknown_field")


def missing(field: Field, place: str) -> FieldError:
    """Return the refusal of an empty required field."""
    if field.type == "lines":
        return FieldError(place, f"Add at least one line to {field.label}", "required")
    verb = "Choose" if field.type in _PICKED else "Enter"
    return FieldError(place, f"{verb} {field.label}", "required")


def complain(shape: Shape, found: Any) -> Iterator[FieldError]:
    """Return the sentences for one finding of the schema check."""
    path: Sequence[Any] = list(found.instance_path)
    field = _field_at(shape, path)
    kind = found.kind.name
    if kind == "required":
        yield _required(shape, field, path, found.kind.property)
    elif kind == "additionalProperties":
        for name in found.kind.unexpected:
            yield FieldError(pointer(*path, name), "This name is not known here", "unknown_field")
    elif field is None:
        yield FieldError(pointer(*path), "This is not an object with fields", "type")
    else:
        yield FieldError(pointer(*path), _sentence(field, kind, path, found), _code(kind))


def _field_at(shape: Shape, path: Sequence[Any]) -> Field | None:
    if not path:
        return None
    field = shape.by_code.get(str(path[0]))
    if field and field.type == "lines" and len(path) > 2:  # noqa: PLR2004 - lines/0/name
        return field.field(str(path[2]))
    return field


def _required(shape: Shape, field: Field | None, path: Sequence[Any], name: str) -> FieldError:
    place = pointer(*path, name)
    if field is None:
        return missing(shape.by_code[name], place)
    inner = field.field(name) if field.type == "lines" else None
    if inner:
        return missing(inner, place)
    return FieldError(place, _EXPECTED[field.type].format(label=field.label), "required")


def _sentence(field: Field, kind: str, path: Sequence[Any], found: Any) -> str:
    if kind in {"maxLength", "minItems", "maxItems", "minimum", "maximum"}:
        return _limit(field, kind, found)
    if field.type == "money" and path[-1] == "currency":
        return f"Choose a currency: {', '.join(field.allowed_currencies) or 'a code such as EUR'}"
    if field.type == "money" and path[-1] == "amount":
        return (
            f"Enter {field.label} in digits, such as 1250.50, without thousands separators,"
            " with at most 12 digits before the point"
        )
    return _EXPECTED[field.type].format(label=field.label)


def _limit(field: Field, kind: str, found: Any) -> str:
    if kind == "maxLength":
        return f"{field.label} can have at most {field.max_length} characters"
    if kind == "minItems":
        least = int(field.minimum or 1)
        return f"Add at least {least} {'line' if least == 1 else 'lines'} to {field.label}"
    if kind == "maxItems":
        return f"{field.label} can have at most {found.kind.limit} lines"
    limit = field.minimum if kind == "minimum" else field.maximum
    if limit is None:
        return f"{field.label} has too many digits"
    return f"{field.label} must be {spoken(limit)} or {'more' if kind == 'minimum' else 'less'}"


def _code(kind: str) -> str:
    return {"maxLength": "too_long", "minItems": "required", "maxItems": "too_many"}.get(kind, kind)
