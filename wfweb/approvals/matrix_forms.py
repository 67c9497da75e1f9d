"""A matrix as a form: rows with conditions and levels to fill in, read back into plain data.

What the form has no field for (reminders, escalation) travels along as JSON and comes back
unchanged.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from werkzeug.datastructures import MultiDict

from wfweb.approvals.wording import approver_text
from wfweb.conditions import FieldTypes, MalformedConditionError
from wfweb.conditions.rows import Row, Rows, condition_of, place, press, read_rows, rows_of
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.jsontext import dumps
from wfweb.kernel.web import whole_number

MOST_ROWS: Final = 100
MOST_LEVELS: Final = 10
QUORUMS: Final = (
    ("any", "Any one of them"),
    ("all", "All of them"),
    ("majority", "More than half"),
    ("n_of_m", "At least this many"),
)
_LEVEL_FIELDS: Final = ("name", "approvers", "quorum", "min_approvers", "due_hours")

Form = dict[str, Any]


def form_of(body: Mapping[str, Any], fields: FieldTypes) -> Form:
    """Return what the fields of a matrix's form hold."""
    return {
        "hit_policy": body.get("hit_policy", "first"),
        "rows": [_row_form(row, fields) for row in body.get("rows", ())] or [blank_row()],
    }


def blank_row() -> Form:
    """Return an empty row of the form."""
    when = Rows(rows=(Row(operator=">="),))
    return {"id": "", "name": "", "when": when, "auto": "", "levels": []}


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


def _row_form(row: Mapping[str, Any], fields: FieldTypes) -> Form:
    return {
        "id": str(row.get("id") or ""),
        "name": str(row.get("name") or ""),
        "when": rows_of(row.get("when"), fields),
        "auto": "true" if row.get("auto_approve") else "",
        "levels": [_level_form(level) for level in row.get("levels") or ()],
    }


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
    levels = [
        {name: form.get(f"{place}.levels.{n}.{name}", "").strip() for name in blank_level()}
        for n in _numbers(form, f"{place}.levels", MOST_LEVELS)
    ]
    plain = {name: form.get(f"{place}.{name}", "").strip() for name in ("id", "name", "auto")}
    return {**plain, "when": read_rows(form, f"{place}.when"), "levels": levels}


def apply_act(form: Form, act: str) -> bool:
    """Do what a button of the form asks: add, remove or move a row, a test or a level.

    Returns whether there was such an act; then the form is shown again.
    """
    for number, row in enumerate(form["rows"]):
        pressed = press(row["when"], act, f"rows.{number}.when")
        if pressed is not None:
            row["when"] = pressed
            return True
    name, _, place = act.partition(".")
    numbers = [int(part) for part in place.split(".") if part.isascii() and part.isdigit()]
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
    elif name == "add-level":
        row["levels"].append(blank_level())
    elif name == "remove-level" and len(numbers) > 1:
        if numbers[1] < len(row["levels"]):
            row["levels"].pop(numbers[1])
    else:
        return False
    return True


def typed_at(form: Form, pointer: str) -> str:
    """Return the field in which a part of a row's condition was typed, as a pointer."""
    found = re.fullmatch(r"/rows/([0-9]{1,3})/when(/.+)", pointer)
    if found is None or int(found[1]) >= len(form["rows"]):
        return pointer
    part = place(form["rows"][int(found[1])]["when"], found[2])
    return f"/rows/{found[1]}/when/{part}".rstrip("/").replace(".", "/")


def to_body(form: Form, fields: FieldTypes) -> dict[str, Any]:
    """Return the matrix that a form describes.

    :raises ValidationFailed: naming the fields that cannot be read.
    """
    errors: list[FieldError] = []
    rows = [_body_row(row, f"/rows/{n}", fields, errors) for n, row in enumerate(form["rows"])]
    if errors:
        raise ValidationFailed(errors)
    return {"hit_policy": form["hit_policy"], "rows": rows}


def _body_row(row: Form, at: str, fields: FieldTypes, errors: list[FieldError]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": row["name"]} if row["name"] else {}
    if row["id"]:
        found["id"] = row["id"]
    try:
        found["when"] = condition_of(row["when"], fields) or {}
    except MalformedConditionError as error:
        errors += [FieldError(f"{at}/when/{p.path}", p.message) for p in error.problems]
    if row["auto"]:
        found["auto_approve"] = True
    found["levels"] = [
        _body_level(level, f"{at}/levels/{n}", errors) for n, level in enumerate(row["levels"])
    ]
    return found


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
