"""Field definitions as people and packs write them: read and checked when a type is saved.

A definition is plain data (JSON or YAML). :func:`read_fields` refuses what it does not
know, naming the place, so that a typing error never becomes a field nobody meant.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.records.fields import MAX_LINES, TYPES, USUAL_LENGTHS, Choice, Field, pointer, storable
from wfweb.records.money import MAX_SCALE, exact, is_currency

MAX_FIELDS: Final = 100
MAX_CHOICES: Final = 200
MAX_LABEL: Final = 80
MAX_HELP: Final = 400

# What the record itself answers for; a field of this name would hide it in a condition.
RESERVED: Final = frozenset(
    {
        "id", "key", "state", "version", "type", "created_at", "created_by", "created_by_id",
        "updated_at", "updated_by", "archived_at", "owner", "owner_id", "company_id",
    }
)  # fmt: skip

_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_COMMON = frozenset(
    {
        "code", "label", "type", "required", "help", "default", "section",
        "read_only", "material", "pii",
    }
)  # fmt: skip
_TEXTS = frozenset({"max_length"})
_RANGE = frozenset({"minimum", "maximum"})
_EXTRA: Final[Mapping[str, frozenset[str]]] = {
    "text": _TEXTS,
    "longtext": _TEXTS,
    "email": _TEXTS,
    "url": _TEXTS,
    "integer": _RANGE,
    "number": _RANGE | {"scale"},
    "money": _RANGE | {"scale", "currency", "currencies"},
    "choice": frozenset({"choices"}),
    "reference": frozenset({"reference"}),
    "lines": _RANGE | {"fields"},
}
_LONGEST: Final = {"text": 1000, "longtext": 100_000, "email": 254, "url": 2000}


def read_fields(raw: object, *, at: str = "/fields") -> tuple[Field, ...]:
    """Read and check the field list of a record type.

    :param raw: a list of definitions as they came.
    :param at: the pointer of the list, under which the errors are named.
    :raises ValidationFailed: naming every wrong place.
    """
    reader = _Reader()
    fields = reader.fields(raw, at, nested=False)
    if reader.errors:
        raise ValidationFailed(reader.errors)
    return fields


class _Reader:
    """Reads definitions, collecting what is wrong instead of stopping at the first."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def wrong(self, place: str, message: str, code: str = "wrong") -> None:
        self.errors.append(FieldError(place, message, code))

    def fields(self, raw: object, at: str, *, nested: bool) -> tuple[Field, ...]:
        if not isinstance(raw, list) or not raw:
            self.wrong(at, "Give a list with at least one field.", "type")
            return ()
        if len(raw) > MAX_FIELDS:
            self.wrong(at, f"At most {MAX_FIELDS} fields are possible.", "too_many")
            return ()
        found: dict[str, Field] = {}
        for number, item in enumerate(raw):
            field = self.field(item, f"{at}/{number}", nested=nested)
            if field and field.code in found:
                self.wrong(f"{at}/{number}/code", f"“{field.code}” is used twice.", "duplicate")
            elif field:
                found[field.code] = field
        return tuple(found.values())

    def field(self, item: object, at: str, *, nested: bool) -> Field | None:
        if not isinstance(item, Mapping):
            self.wrong(at, "A field is an object with code, label and type.", "type")
            return None
        before = len(self.errors)
        code, kind = self.code(item, at), item.get("type")
        if not isinstance(kind, str) or kind not in TYPES:
            self.wrong(f"{at}/type", f"Choose a type: {', '.join(TYPES)}.", "unknown_type")
            return None
        if nested and kind in {"lines", "file"}:
            self.wrong(f"{at}/type", f"Lines cannot hold {kind}.", "nested")
        self.unknown_keys(item, kind, at)
        values = self.options(item, kind, at)
        if len(self.errors) > before:
            return None
        field = Field(code=code, type=kind, **values)
        self.sensible(field, at)
        return field if len(self.errors) == before else None

    def code(self, item: Mapping[str, Any], at: str) -> str:
        code = item.get("code")
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            self.wrong(
                f"{at}/code", "A code is 1 to 63 small letters, digits and _, a letter first."
            )
            return ""
        if code in RESERVED:
            self.wrong(f"{at}/code", f"“{code}” is a name wfweb uses itself.", "reserved")
        return code

    def unknown_keys(self, item: Mapping[str, Any], kind: str, at: str) -> None:
        for key in item:
            if key in _COMMON or key in _EXTRA.get(kind, ()):
                continue
            known = any(key in extra for extra in _EXTRA.values())
            message = f"A {kind} field does not take it." if known else "This is not known."
            self.wrong(f"{at}{pointer(key)}", message, "unknown_key")

    def options(self, item: Mapping[str, Any], kind: str, at: str) -> dict[str, Any]:
        label = self.text(item, "label", at, MAX_LABEL) or item.get("code")
        values: dict[str, Any] = {
            "label": label,
            "help": self.text(item, "help", at, MAX_HELP),
            "section": self.text(item, "section", at, MAX_LABEL),
            "default": item.get("default"),
        }
        for name in ("required", "read_only", "material", "pii"):
            value = item.get(name, False)
            if not isinstance(value, bool):
                self.wrong(f"{at}/{name}", "This is true or false.", "type")
            values[name] = value
        for name in ("minimum", "maximum"):
            values[name] = self.number(item, name, at)
        values["max_length"] = self.whole(
            item, "max_length", at, (1, _LONGEST.get(kind, 1000)), USUAL_LENGTHS.get(kind, 255)
        )
        values["scale"] = self.whole(item, "scale", at, (0, MAX_SCALE))
        self.specific(item, kind, at, values)
        return values

    def specific(self, item: Mapping[str, Any], kind: str, at: str, values: dict[str, Any]) -> None:
        if kind == "money":
            values["currencies"] = self.currencies(item, at)
            values["currency"] = self.currency(item, at, values["currencies"])
            if values["minimum"] is None:
                values["minimum"] = Decimal(0)
        elif kind == "choice":
            values["choices"] = self.choices(item.get("choices"), f"{at}/choices")
        elif kind == "reference":
            target = item.get("reference")
            if not isinstance(target, str) or not _CODE.fullmatch(target):
                self.wrong(f"{at}/reference", "Name the record type it refers to.")
            values["reference"] = target
        elif kind == "lines":
            values["fields"] = self.fields(item.get("fields"), f"{at}/fields", nested=True)

    def text(self, item: Mapping[str, Any], name: str, at: str, longest: int) -> str:
        value = item.get(name, "")
        if not isinstance(value, str) or len(value) > longest or not storable(value):
            self.wrong(f"{at}/{name}", f"This is a text of at most {longest} characters.")
            return ""
        return value.strip()

    def number(self, item: Mapping[str, Any], name: str, at: str) -> Decimal | None:
        if item.get(name) is None:
            return None
        value = exact(item[name])
        if value is None:
            self.wrong(f"{at}/{name}", "This is a number such as 100 or 0.5.", "type")
        return value

    def whole(
        self,
        item: Mapping[str, Any],
        name: str,
        at: str,
        limits: tuple[int, int],
        usual: int | None = None,
    ) -> int | None:
        low, high = limits
        value = item.get(name, usual)
        if value is None:
            return usual
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.wrong(f"{at}/{name}", f"This is a whole number from {low} to {high}.", "range")
            return usual
        return value

    def currencies(self, item: Mapping[str, Any], at: str) -> tuple[str, ...]:
        value = item.get("currencies") or []
        if not isinstance(value, list) or not all(map(is_currency, value)):
            self.wrong(f"{at}/currencies", "This is a list of codes such as EUR.", "currency")
            return ()
        return tuple(dict.fromkeys(value))

    def currency(self, item: Mapping[str, Any], at: str, allowed: tuple[str, ...]) -> str | None:
        value = item.get("currency") or (allowed[0] if allowed else None)
        if value is None:
            return None
        if not is_currency(value):
            self.wrong(f"{at}/currency", "Give an ISO 4217 code such as EUR.", "currency")
            return None
        if allowed and value not in allowed:
            self.wrong(f"{at}/currency", "It is not among the currencies.", "currency")
        return str(value)

    def choices(self, raw: object, at: str) -> tuple[Choice, ...]:
        if not isinstance(raw, list) or not 1 <= len(raw) <= MAX_CHOICES:
            self.wrong(at, f"Give 1 to {MAX_CHOICES} choices.", "type")
            return ()
        found: dict[str, Choice] = {}
        for number, item in enumerate(raw):
            choice = self.choice(item, f"{at}/{number}")
            if choice and choice.value in found:
                self.wrong(f"{at}/{number}", f"“{choice.value}” is there twice.", "duplicate")
            elif choice:
                found[choice.value] = choice
        return tuple(found.values())

    def choice(self, item: object, at: str) -> Choice | None:
        if isinstance(item, str):
            item = {"value": item}
        if not isinstance(item, Mapping) or set(item) - {"value", "label"}:
            self.wrong(at, "A choice has a value and a label.", "type")
            return None
        value = self.text(item, "value", at, MAX_LABEL)
        if not value:
            self.wrong(f"{at}/value", "Give the value that is kept.", "required")
            return None
        label = self.text(item, "label", at, MAX_LABEL) or value.replace("_", " ").capitalize()
        return Choice(value, label)

    def sensible(self, field: Field, at: str) -> None:
        low, high = field.minimum, field.maximum
        if low is not None and high is not None and low > high:
            self.wrong(f"{at}/maximum", "The maximum is below the minimum.", "range")
        if field.type == "lines" and not all(
            limit is None or 0 <= limit <= MAX_LINES for limit in (low, high)
        ):
            self.wrong(f"{at}/maximum", f"0 to {MAX_LINES} lines are possible.", "range")
        if field.default is not None and field.type in {"lines", "file", "reference", "person"}:
            self.wrong(f"{at}/default", f"A {field.type} field has no default.", "default")
