"""The definition of a record type as a whole, read from JSON, YAML or a form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.records.field_reading import read_fields
from wfweb.records.fields import Field, flat, pointer, storable
from wfweb.records.policy import ACTIONS
from wfweb.records.titles import check_template
from wfweb.records.totals import Total, read_totals
from wfweb.records.values import Wrong, clean_value

META_COLUMNS: Final[Mapping[str, str]] = {
    "key": "Key",
    "title": "Title",
    "state": "State",
    "amount": "Amount",
    "owner": "Owner",
    "created_at": "Created",
    "updated_at": "Changed",
}
EDITABLE: Final = (
    "name", "plural", "description", "icon", "fields", "totals", "title_template",
    "amount_field", "list_columns", "searchable", "pii_fields", "material_fields", "actions",
    "default_workflow", "permissions", "active",
)  # fmt: skip
_TEXT_TYPES: Final = frozenset({"text", "longtext", "choice", "email", "url", "number", "integer"})
_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PERMISSION = re.compile(r"[a-z][a-z0-9_]{0,62}(\.[a-z][a-z0-9_]{0,62})?")
_PREFIX = re.compile(r"[A-Z][A-Z0-9]{1,7}")
MAX_NAME: Final = 80
MAX_ACTIONS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A record type, checked."""

    code: str
    key_prefix: str
    name: str
    plural: str
    description: str
    icon: str
    fields: tuple[Field, ...]
    totals: tuple[Total, ...]
    title_template: str
    amount_field: str | None
    list_columns: tuple[str, ...]
    searchable: tuple[str, ...]
    pii_fields: tuple[str, ...]
    material_fields: tuple[str, ...]
    actions: tuple[dict[str, str], ...]
    default_workflow: str | None
    permissions: dict[str, Any]
    active: bool

    def as_columns(self) -> dict[str, Any]:
        """Return the values of the editable columns."""
        columns = {name: getattr(self, name) for name in EDITABLE}
        columns["fields"] = [field.as_dict() for field in self.fields]
        columns["totals"] = [total.as_dict() for total in self.totals]
        return {n: list(v) if isinstance(v, tuple) else v for n, v in columns.items()}

    def as_dict(self) -> dict[str, Any]:
        """Return the definition as plain data."""
        return {"code": self.code, "key_prefix": self.key_prefix, **self.as_columns()}


def read_definition(raw: object) -> Definition:
    """Read and check the definition of a record type.

    :raises ValidationFailed: naming every wrong place, e.g. ``/fields/3/choices``.
    """
    if not isinstance(raw, Mapping):
        raise ValidationFailed.at("", "A record type is an object.", "type")
    reader = _Reader(raw)
    reader.unknown_keys()
    fields = reader.part(lambda: read_fields(raw.get("fields")), ())
    by_code = {field.code: field for field in fields}
    totals = reader.part(lambda: read_totals(raw.get("totals") or [], by_code), ())
    template = reader.text("title_template", "", 300)
    if fields:
        reader.part(lambda: check_template(template, by_code), None)
        reader.defaults(fields)
    fields = _flagged(
        fields,
        material=reader.marked("material_fields", fields),
        pii=reader.marked("pii_fields", fields),
    )
    name = reader.text("name", "", MAX_NAME, needed=True)
    definition = Definition(
        code=reader.matching("code", _CODE, "small letters, digits and _, a letter first"),
        key_prefix=reader.matching("key_prefix", _PREFIX, "2 to 8 capital letters, such as ORD"),
        name=name,
        plural=reader.text("plural", f"{name}s", MAX_NAME),
        description=reader.text("description", "", 400),
        icon=reader.text("icon", "doc", 40),
        fields=fields,
        totals=totals,
        title_template=template,
        amount_field=reader.amount_field(by_code),
        list_columns=reader.codes("list_columns", {*by_code, *META_COLUMNS}),
        searchable=reader.codes("searchable", {f.code for f in fields if f.type in _TEXT_TYPES}),
        pii_fields=tuple(path for path, field in flat(fields) if field.pii),
        material_fields=tuple(path for path, field in flat(fields) if field.material),
        actions=reader.actions(),
        default_workflow=reader.text("default_workflow", "", 63) or None,
        permissions=reader.permissions(),
        active=reader.flag("active", usual=True),
    )
    if reader.errors:
        raise ValidationFailed(reader.errors)
    return definition


class _Reader:
    """Reads the parts of a definition, collecting what is wrong."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.errors: list[FieldError] = []

    def wrong(self, place: str, message: str, code: str = "wrong") -> None:
        self.errors.append(FieldError(place, message, code))

    def part(self, read: Any, otherwise: Any) -> Any:
        try:
            return read()
        except ValidationFailed as refusal:
            self.errors.extend(refusal.errors)
            return otherwise

    def unknown_keys(self) -> None:
        known = {"code", "key_prefix", "version", "json_schema", *EDITABLE}
        for key in self.raw:
            if key not in known:
                self.wrong(pointer(key), "This is not known in a record type.", "unknown_key")

    def text(self, name: str, usual: str, longest: int, *, needed: bool = False) -> str:
        value = self.raw.get(name)
        if value is None or value == "":
            if needed:
                self.wrong(f"/{name}", f"Give the {name} of the record type.", "required")
            return usual
        if not isinstance(value, str) or len(value) > longest or not storable(value):
            self.wrong(f"/{name}", f"This is a text of at most {longest} characters.", "type")
            return usual
        return value.strip()

    def matching(self, name: str, pattern: re.Pattern[str], words: str) -> str:
        value = self.raw.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            self.wrong(f"/{name}", f"Use {words}.")
            return ""
        return value

    def flag(self, name: str, *, usual: bool) -> bool:
        value = self.raw.get(name, usual)
        if not isinstance(value, bool):
            self.wrong(f"/{name}", "This is true or false.", "type")
            return usual
        return value

    def codes(self, name: str, known: set[str]) -> tuple[str, ...]:
        value = self.raw.get(name) or []
        if not isinstance(value, Sequence) or isinstance(value, str):
            self.wrong(f"/{name}", "Give a list of field codes.", "type")
            return ()
        for number, code in enumerate(value):
            if not isinstance(code, str) or code not in known:
                self.wrong(
                    f"/{name}/{number}", f"“{code}” is no field that fits here.", "unknown_field"
                )
        return tuple(dict.fromkeys(code for code in value if isinstance(code, str)))

    def marked(self, name: str, fields: Sequence[Field]) -> frozenset[str]:
        return frozenset(self.codes(name, {path for path, _field in flat(fields)}))

    def amount_field(self, by_code: Mapping[str, Field]) -> str | None:
        moneys = [code for code, field in by_code.items() if field.type == "money"]
        value = self.raw.get("amount_field")
        if value is None:
            return moneys[0] if moneys else None
        if value not in moneys:
            self.wrong("/amount_field", "Name a money field.", "unknown_field")
            return None
        return str(value)

    def actions(self) -> tuple[dict[str, str], ...]:
        value = self.raw.get("actions") or []
        if not isinstance(value, list) or len(value) > MAX_ACTIONS:
            self.wrong("/actions", f"Give a list of at most {MAX_ACTIONS} actions.", "type")
            return ()
        found = []
        for number, given in enumerate(value):
            item = {"code": given} if isinstance(given, str) else given
            if not isinstance(item, Mapping) or not _CODE.fullmatch(str(item.get("code", ""))):
                self.wrong(f"/actions/{number}", "An action has a code and a label.", "type")
                continue
            label = str(item.get("label") or item["code"].replace("_", " ").capitalize())
            found.append({"code": item["code"], "label": label[:MAX_NAME]})
        if len({one["code"] for one in found}) != len(found):
            self.wrong("/actions", "Two actions have the same code.", "duplicate")
        return tuple(found)

    def permissions(self) -> dict[str, Any]:
        value = self.raw.get("permissions") or {}
        if not isinstance(value, Mapping):
            self.wrong("/permissions", "Say who may view, create and edit.", "type")
            return {}
        for action, needed in value.items():
            codes = [needed] if isinstance(needed, str) else needed
            if action not in ACTIONS:
                self.wrong(
                    f"/permissions{pointer(action)}", "Use view, create or edit.", "unknown_key"
                )
            elif (
                not isinstance(codes, list)
                or not codes
                or not all(isinstance(code, str) and _PERMISSION.fullmatch(code) for code in codes)
            ):
                message = "Name a permission such as records.edit or a role."
                self.wrong(f"/permissions/{action}", message, "type")
        return {str(action): needed for action, needed in value.items()}

    def defaults(self, fields: Sequence[Field]) -> None:
        """Check that every default is a value its field would take."""
        for number, field in enumerate(fields):
            inner = [(f"/fields/{number}/fields/{n}", one) for n, one in enumerate(field.fields)]
            for place, one in [(f"/fields/{number}", field), *inner]:
                if one.default is not None and not _takes(one, one.default):
                    self.wrong(f"{place}/default", "The field would not take this.", "default")


def _flagged(
    fields: Sequence[Field], *, material: frozenset[str], pii: frozenset[str], under: str = ""
) -> tuple[Field, ...]:
    """Mark the listed fields themselves, so that list and marks cannot say different things."""
    return tuple(
        replace(
            field,
            material=field.material or under + field.code in material,
            pii=field.pii or under + field.code in pii,
            fields=_flagged(field.fields, material=material, pii=pii, under=f"{field.code}."),
        )
        for field in fields
    )


def _takes(field: Field, value: Any) -> bool:
    from wfweb.records.shape import compile_shape

    shape = compile_shape("default", [{**field.as_dict(), "required": False}])
    try:
        return bool(shape.checker.is_valid({field.code: value})) and (
            clean_value(field, value) is not None
        )
    except (Wrong, ValueError):
        return False
