"""A matrix as a form: rows with conditions and levels to fill in, read back into plain data.

What the form has no field for (nested conditions, reminders, escalation) travels along as
JSON and comes back unchanged.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from werkzeug.datastructures import MultiDict

from wfweb import conditions
from wfweb.approvals.wording import approver_text
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.jsontext import dumps
from wfweb.kernel.web import whole_number

MOST_ROWS: Final = 100
MOST_TESTS: Final = 8
MOST_LEVELS: Final = 10
OPERATORS: Final = (
    ("=", "is"),
    ("!=", "is not"),
    (">", "is over"),
    (">=", "is at least"),
    ("<", "is under"),
    ("<=", "is at most"),
    ("in", "is one of"),
    ("not in", "is none of"),
    ("contains", "contains"),
    ("is set", "has a value"),
    ("is empty", "has no value"),
)
QUORUMS: Final = (
    ("any", "Any one of them"),
    ("all", "All of them"),
    ("majority", "More than half"),
    ("n_of_m", "At least this many"),
)
_BARE: Final = {"is set", "is empty"}
_LISTS: Final = {"in", "not in"}
_SIMPLE: Final = {code for code, _label in OPERATORS}
_LEVEL_FIELDS: Final = ("name", "approvers", "quorum", "min_approvers", "due_hours")

Form = dict[str, Any]


def form_of(body: Mapping[str, Any]) -> Form:
    """Return what the fields of a matrix's form hold."""
    return {
        "hit_policy": body.get("hit_policy", "first"),
        "rows": [_row_form(row) for row in body.get("rows", ())] or [blank_row()],
    }


def blank_row() -> Form:
    """Return an empty row of the form."""
    return {"id": "", "name": "", "tests": [blank_test()], "when": "", "auto": "", "levels": []}


def blank_test() -> Form:
    """Return an empty test of a row."""
    return {"field": "", "operator": ">=", "value": ""}


def blank_level() -> Form:
    """Return an empty level of a row."""
    return {
        "name": "",
        "approvers": "",
        "quorum": "any",
        "min_approvers": "",
        "due_hours": "",
        "rest": "",
    }


def _row_form(row: Mapping[str, Any]) -> Form:
    tests = _tests(row.get("when") or {})
    return {
        "id": str(row.get("id") or ""),
        "name": str(row.get("name") or ""),
        "tests": tests if tests is not None else [],
        "when": "" if tests is not None else dumps(row.get("when")),
        "auto": "true" if row.get("auto_approve") else "",
        "levels": [_level_form(level) for level in row.get("levels") or ()],
    }


def _tests(when: Mapping[str, Any]) -> list[Form] | None:
    """Return a condition as a list of tests that all have to hold; None for any other."""
    if not when:
        return []
    parts = when.get("all") if set(when) == {"all"} else [when]
    if not isinstance(parts, list) or len(parts) > MOST_TESTS:
        return None
    found = []
    for part in parts:
        if not isinstance(part, dict) or not set(part) <= {"field", "operator", "value"}:
            return None
        if part.get("operator") not in _SIMPLE or isinstance(part.get("value"), dict):
            return None
        found.append({**part, "value": _as_text(part.get("value"))})
    return found


def _as_text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _level_form(level: Mapping[str, Any]) -> Form:
    rest = {key: value for key, value in level.items() if key not in _LEVEL_FIELDS and value}
    return {
        "name": str(level.get("name") or ""),
        "approvers": ", ".join(_approver_text(one) for one in level.get("approvers") or ()),
        "quorum": str(level.get("quorum") or "any"),
        "min_approvers": _as_text(level.get("min_approvers")),
        "due_hours": _as_text(level.get("due_hours")),
        "rest": dumps(rest) if rest else "",
    }


def _approver_text(one: Mapping[str, Any]) -> str:
    for kind in ("role", "user", "field"):
        if one.get(kind):
            return f"{kind}:{one[kind]}"
    return f"managers:{one.get('manager_chain') or 1}"


def approvers_in_words(level: Mapping[str, Any]) -> str:
    """Return who a level asks, for people."""
    return ", ".join(approver_text(one) for one in level.get("approvers") or ()) or "nobody named"


def read_form(form: MultiDict[str, str]) -> Form:
    """Return what the fields of a posted form hold."""
    return {
        "hit_policy": form.get("hit_policy", "first"),
        "rows": [_read_row(form, f"rows.{n}") for n in _numbers(form, "rows", MOST_ROWS)],
    }


def _numbers(form: MultiDict[str, str], prefix: str, most: int) -> Sequence[int]:
    found = []
    for name in form:
        rest = name.removeprefix(f"{prefix}.")
        number = whole_number(rest.split(".", 1)[0], digits=3)
        if rest != name and number is not None:
            found.append(number)
    return sorted(set(found))[:most]


def _read_row(form: MultiDict[str, str], place: str) -> Form:
    tests = [
        {name: form.get(f"{place}.tests.{n}.{name}", "").strip() for name in blank_test()}
        for n in _numbers(form, f"{place}.tests", MOST_TESTS)
    ]
    levels = [
        {name: form.get(f"{place}.levels.{n}.{name}", "").strip() for name in blank_level()}
        for n in _numbers(form, f"{place}.levels", MOST_LEVELS)
    ]
    plain = {
        name: form.get(f"{place}.{name}", "").strip() for name in ("id", "name", "when", "auto")
    }
    return {**plain, "tests": tests, "levels": levels}


def apply_act(form: Form, act: str) -> bool:
    """Do what a button of the form asks: add, remove or move a row, a test or a level.

    Returns whether there was such an act; then the form is shown again.
    """
    name, _, place = act.partition(".")
    numbers = [n for part in place.split(".") if (n := whole_number(part)) is not None]
    rows: list[Form] = form["rows"]
    if name == "add-row":
        rows.append(blank_row())
        return True
    if not numbers or numbers[0] >= len(rows):
        return False
    row, at = rows[numbers[0]], numbers[0]
    if name == "remove-row":
        rows.pop(at)
    elif name == "up" and at:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]
    elif name == "add-test":
        row["tests"].append(blank_test())
    elif name == "add-level":
        row["levels"].append(blank_level())
    elif name in {"remove-test", "remove-level"} and len(numbers) > 1:
        parts = row["tests" if name == "remove-test" else "levels"]
        if numbers[1] < len(parts):
            parts.pop(numbers[1])
    else:
        return False
    return True


def to_body(form: Form, fields: conditions.FieldTypes) -> dict[str, Any]:
    """Return the matrix that a form describes.

    :raises ValidationFailed: naming the fields that cannot be read.
    """
    errors: list[FieldError] = []
    rows = [_body_row(row, f"/rows/{n}", fields, errors) for n, row in enumerate(form["rows"])]
    if errors:
        raise ValidationFailed(errors)
    return {"hit_policy": form["hit_policy"], "rows": rows}


def _body_row(
    row: Form, place: str, fields: conditions.FieldTypes, errors: list[FieldError]
) -> dict[str, Any]:
    found: dict[str, Any] = {"name": row["name"]} if row["name"] else {}
    if row["id"]:
        found["id"] = row["id"]
    found["when"] = _when(row, place, fields, errors)
    if row["auto"]:
        found["auto_approve"] = True
    found["levels"] = [
        _body_level(level, f"{place}/levels/{n}", errors) for n, level in enumerate(row["levels"])
    ]
    return found


def _when(
    row: Form, place: str, fields: conditions.FieldTypes, errors: list[FieldError]
) -> dict[str, Any]:
    if row["when"]:
        value = _json(row["when"], f"{place}/when", errors)
        return value if isinstance(value, dict) else {}
    tests = [
        {
            "field": test["field"],
            "operator": test["operator"],
            **({} if test["operator"] in _BARE else {"value": _value(test, fields)}),
        }
        for test in row["tests"]
        if test["field"]
    ]
    return tests[0] if len(tests) == 1 else {"all": tests} if tests else {}


def _value(test: Form, fields: conditions.FieldTypes) -> Any:
    kind = fields.get(test["field"])
    if test["operator"] in _LISTS:
        return [_literal(one.strip(), kind) for one in test["value"].split(",") if one.strip()]
    return _literal(test["value"], kind)


def _literal(text: str, kind: conditions.FieldType | None) -> Any:
    if text.startswith("{{"):
        return text
    if kind is not None and kind.kind == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    if kind is not None and kind.kind in {"money", "number", "integer"}:
        return _number(text)
    return text


def _number(text: str) -> Any:
    """Return a number as typed: whole ones as such, others as an exact text."""
    plain = text.replace(" ", "").replace(",", "")
    try:
        value = Decimal(plain) if len(plain) <= 40 else None  # noqa: PLR2004 - digits of an amount
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        return text
    return int(value) if value == value.to_integral_value() and "." not in plain else plain


def _body_level(level: Form, place: str, errors: list[FieldError]) -> dict[str, Any]:
    rest = _json(level["rest"], place, errors) if level["rest"] else {}
    found: dict[str, Any] = dict(rest) if isinstance(rest, dict) else {}
    found["name"] = level["name"] or None
    found["approvers"] = _approvers(level["approvers"], f"{place}/approvers", errors)
    found["quorum"] = level["quorum"] or "any"
    for name in ("min_approvers", "due_hours"):
        if level[name]:
            found[name] = _number(level[name])
    return {key: value for key, value in found.items() if value is not None}


def _approvers(text: str, place: str, errors: list[FieldError]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in (one.strip() for one in text.split(",")):
        if not part:
            continue
        kind, _, name = part.partition(":")
        kind, name = kind.strip().lower(), name.strip()
        if kind in {"role", "user", "field"} and name:
            found.append({kind: name})
        elif kind == "managers" and (steps := whole_number(name)) is not None:
            found.append({"manager_chain": steps})
        elif "@" in part and not name:
            found.append({"user": part})
        else:
            words = f"Write “{part[:40]}” as role:code, user:address, field:path or managers:number"
            errors.append(FieldError(place, words, "approver"))
    return found


def _json(text: str, place: str, errors: list[FieldError]) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        errors.append(FieldError(place, f"This is no JSON: {error.msg}", "json"))
        return {}


def read_json(text: str) -> dict[str, Any]:
    """Return a matrix written as JSON.

    :raises ValidationFailed: when it cannot be read or is no object.
    """
    errors: list[FieldError] = []
    value = _json(text, "/body", errors)
    if not errors and not isinstance(value, dict):
        errors.append(FieldError("/body", "A matrix is an object with rows", "json"))
    if errors:
        raise ValidationFailed(errors)
    return dict(value)
