"""A calendar as a form: hours as text, special days as rows; read back into its body."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from wfweb.calendars.body import WEEKDAYS
from wfweb.calendars.hours import hours_text, read_hours
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.web import whole_number

Form = dict[str, Any]
Row = dict[str, str]

MOST_ROWS: Final = 600
TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "overrides": ("date", "hours", "name"),
    "breaks": ("date", "hours"),
    "holidays": ("date", "name", "off"),
    "yearly": ("date", "name", "off"),
}
_SOURCE: Final = ("country", "subdivision", "version")


def form_of(body: Mapping[str, Any]) -> Form:
    """Return what the fields of a calendar's form hold."""
    weekly = body.get("weekly", {})
    return {
        "tz": str(body.get("tz", "")),
        "weekly": {day: hours_text(weekly.get(day, ())) for day in WEEKDAYS},
        "overrides": [_override(day, entry) for day, entry in sorted(_items(body, "overrides"))],
        "breaks": [
            {"date": day, "hours": hours_text(entry)}
            for day, entry in sorted(_items(body, "breaks"))
        ],
        "holidays": _sorted(_holiday(entry) for entry in body.get("holidays", ())),
        "yearly": _sorted(_holiday(entry) for entry in body.get("yearly_holidays", ())),
        "source": {name: str(body.get("holiday_data", {}).get(name, "")) for name in _SOURCE},
    }


def _items(body: Mapping[str, Any], part: str) -> Iterator[tuple[str, Any]]:
    yield from body.get(part, {}).items()


def _override(day: str, entry: Any) -> Row:
    if isinstance(entry, Mapping):
        return {"date": day, "hours": hours_text(entry["windows"]), "name": entry.get("name", "")}
    return {"date": day, "hours": hours_text(entry), "name": ""}


def _holiday(entry: Any) -> Row:
    if isinstance(entry, Mapping):
        off = "true" if entry.get("off") else ""
        return {"date": entry["date"], "name": entry.get("name", ""), "off": off}
    return {"date": entry, "name": "", "off": ""}


def _sorted(rows: Iterator[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["date"])


def read_form(form: MultiDict[str, str]) -> Form:
    """Return what the fields of a posted form hold."""
    return {
        "tz": form.get("tz", "").strip(),
        "weekly": {day: form.get(f"weekly.{day}", "").strip() for day in WEEKDAYS},
        "source": {name: form.get(f"source.{name}", "").strip() for name in _SOURCE},
        **{
            table: [
                {name: form.get(f"{table}.{n}.{name}", "").strip() for name in names}
                for n in _numbers(form, table)
            ]
            for table, names in TABLES.items()
        },
    }


def _numbers(form: MultiDict[str, str], table: str) -> Sequence[int]:
    found = set()
    for name in form:
        rest = name.removeprefix(f"{table}.")
        number = whole_number(rest.split(".", 1)[0], digits=3)
        if rest != name and number is not None:
            found.add(number)
    return sorted(found)[:MOST_ROWS]


def apply_act(form: Form, act: str) -> bool:
    """Do what a button of the form asks; tell whether there was such an act.

    ``add.holidays`` adds an empty row, ``remove.holidays.3`` takes one away, ``copy`` gives the
    hours of Monday to Tuesday to Friday.
    """
    name, _, place = act.partition(".")
    table, _, row = place.partition(".")
    number = whole_number(row)
    if name == "copy":
        form["weekly"] |= dict.fromkeys(WEEKDAYS[1:5], form["weekly"]["mon"])
        return True
    if table not in TABLES:
        return False
    rows: list[Row] = form[table]
    if name == "add":
        rows.append(dict.fromkeys(TABLES[table], ""))
    elif name == "remove" and number is not None and number < len(rows):
        rows.pop(number)
    else:
        return False
    return True


def to_body(form: Form) -> dict[str, Any]:
    """Return the calendar that a form describes; rows without a date or a name are left out.

    :raises ValidationFailed: naming the fields whose hours cannot be read or whose day is
        there twice; whether the calendar makes sense is checked when it is compiled.
    """
    errors: list[FieldError] = []
    weekly = {
        day: _hours(text, f"/weekly/{day}", errors) for day, text in form["weekly"].items() if text
    }
    body: dict[str, Any] = {"tz": form["tz"], "weekly": weekly}
    overrides = _by_date(form, "overrides", errors)
    parts = {
        "overrides": {day: _named(row, hours) for day, (row, hours) in overrides.items()},
        "breaks": {day: hours for day, (_, hours) in _by_date(form, "breaks", errors).items()},
        "holidays": [_entry(row) for row in form["holidays"] if row["date"] or row["name"]],
        "yearly_holidays": [_entry(row) for row in form["yearly"] if row["date"] or row["name"]],
        "holiday_data": {name: text for name, text in form["source"].items() if text},
    }
    if errors:
        raise ValidationFailed(errors)
    return body | {name: part for name, part in parts.items() if part}


def _by_date(
    form: Form, table: str, errors: list[FieldError]
) -> dict[str, tuple[Row, list[list[str]]]]:
    found: dict[str, tuple[Row, list[list[str]]]] = {}
    for number, row in enumerate(form[table]):
        if not any(row.values()):
            continue
        if row["date"] in found:
            message = f"{row['date']} stands here twice: keep one"
            errors.append(FieldError(f"/{table}/{number}/date", message, "duplicate"))
        found[row["date"]] = row, _hours(row["hours"], f"/{table}/{number}/hours", errors)
    return found


def _hours(text: str, place: str, errors: list[FieldError]) -> list[list[str]]:
    try:
        return read_hours(text)
    except ValueError as error:
        errors.append(FieldError(place, str(error), "hours"))
        return []


def _named(row: Row, hours: list[list[str]]) -> Any:
    return {"windows": hours, "name": row["name"]} if row["name"] else hours


def _entry(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"date": row["date"], "name": row["name"]}
    return {**found, "off": True} if row["off"] else found


def on_form(errors: Sequence[FieldError], form: Form) -> list[FieldError]:
    """Return the faults of a body at the fields of the form that it was read from."""
    return [FieldError(_place(error.pointer, form), error.message, error.code) for error in errors]


def _place(pointer: str, form: Form) -> str:
    _, part, *rest = [*pointer.split("/"), "", ""]
    key = rest[0]
    if part == "weekly":
        return f"/weekly/{key}" if key in WEEKDAYS else "/weekly/mon"
    if part in {"overrides", "breaks"}:
        number = next((n for n, row in enumerate(form[part]) if row["date"] == key), 0)
        column = "name" if rest[1] == "name" else "hours" if rest[1] else "date"
        return f"/{part}/{number}/{column}"
    if part in {"holidays", "yearly_holidays"} and key.isdigit():
        table = "yearly" if part == "yearly_holidays" else part
        filled = [n for n, row in enumerate(form[table]) if row["date"] or row["name"]]
        return f"/{table}/{filled[int(key)]}/{rest[1] or 'date'}"
    return pointer
