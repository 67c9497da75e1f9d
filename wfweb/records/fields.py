"""What a record type is made of: its fields, their types and how they are kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

MAX_LINES: Final = 500

TYPES: Final[Mapping[str, str]] = {
    "text": "Text",
    "longtext": "Long text",
    "number": "Number",
    "integer": "Whole number",
    "money": "Money",
    "date": "Date",
    "datetime": "Date and time",
    "boolean": "Yes or no",
    "choice": "Choice",
    "person": "Person",
    "reference": "Reference to a record",
    "lines": "Lines",
    "file": "File",
    "email": "E-mail address",
    "url": "Web address",
}

USUAL_LENGTHS: Final = {"text": 255, "longtext": 10_000, "email": 254, "url": 2000}
_STORED: Final = (
    "code", "label", "type", "required", "help", "section", "read_only", "material", "pii",
    "max_length", "minimum", "maximum", "scale", "currency", "currencies", "choices",
    "reference", "fields",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One value a choice field takes, with what people read."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record type (or of its lines)."""

    code: str
    label: str
    type: str
    required: bool = False
    help: str = ""
    section: str = ""
    default: Any = None
    read_only: bool = False
    material: bool = False
    pii: bool = False
    max_length: int = 255
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    scale: int | None = None
    currency: str | None = None
    currencies: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    reference: str | None = None
    fields: tuple["Field", ...] = ()

    def field(self, code: str) -> "Field | None":
        """Return the line field of a code."""
        return next((one for one in self.fields if one.code == code), None)

    def choice_label(self, value: object) -> str:
        """Return what people read for a chosen value; the value itself when it has gone."""
        return next((c.label for c in self.choices if c.value == value), str(value))

    @property
    def allowed_currencies(self) -> tuple[str, ...]:
        """The currencies the field takes; empty when it takes any."""
        return self.currencies or ((self.currency,) if self.currency else ())

    def as_dict(self) -> dict[str, Any]:
        """Return the definition as plain data, without what is usual."""
        usual = {
            "max_length": USUAL_LENGTHS.get(self.type, 255),
            "minimum": Decimal(0) if self.type == "money" else None,
        }
        data: dict[str, Any] = {}
        for name in _STORED:
            value = getattr(self, name)
            if _says_something(value) and value != usual.get(name):
                data[name] = _plain(value)
        if self.default is not None:
            data["default"] = self.default
        return data


def _says_something(value: Any) -> bool:
    # By identity, because a limit of 0 equals False and still is a limit.
    return value is not None and value is not False and value not in ("", ())


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Field):
        return value.as_dict()
    return {"value": value.value, "label": value.label} if isinstance(value, Choice) else value


def pointer(*parts: object) -> str:
    """Return an RFC 6901 pointer that is safe to print, whatever the names hold."""
    names = (str(part)[:80].encode("utf-8", "replace").decode() for part in parts)
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def storable(text: str) -> bool:
    """Tell whether PostgreSQL can hold a text: no NUL and no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def flat(fields: Iterable[Field]) -> Sequence[tuple[str, Field]]:
    """Return every field with its dotted path, line fields as ``lines.quantity``."""
    found = []
    for field in fields:
        found.append((field.code, field))
        found.extend((f"{field.code}.{inner.code}", inner) for inner in field.fields)
    return found
