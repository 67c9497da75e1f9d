"""Lists: all record types, the records of one, and suggestions for pickers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires, signed_in
from wfweb.identity.queries import find_people
from wfweb.kernel.db import transaction
from wfweb.kernel.paging import read_limit
from wfweb.kernel.web import fragment, page
from wfweb.records import policy
from wfweb.records.definition import META_COLUMNS
from wfweb.records.fields import Field
from wfweb.records.listing import (
    COLUMN_SORTS,
    Filters,
    list_page,
    read_filters,
    states_of,
)
from wfweb.records.lookups import names_for
from wfweb.records.models import RecordType
from wfweb.records.pickers import pickers_for
from wfweb.records.present import as_words
from wfweb.records.queries import find_records, record_counts, types_in_navigation
from wfweb.records.schema import UUID_PATTERN
from wfweb.records.shape import Shape
from wfweb.records.types import get_type, shape_of
from wfweb.records.views import bp

SUGGESTED: Final = 10
UUID_LENGTH: Final = 36
USUAL_COLUMNS: Final = ("key", "title", "state", "owner", "updated_at")
FILTERED: Final = frozenset(
    {"choice", "boolean", "person", "reference", "date", "money", "number", "integer"}
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list; ``sort`` is its name in the address, empty when it has none."""

    code: str
    label: str
    field: Field | None
    sort: str = ""
    order: str = ""

    @property
    def numeric(self) -> bool:
        """Tell whether values stand at the right."""
        kind = self.field.type if self.field else self.code
        return kind in {"money", "number", "integer", "amount"}


@bp.get("/records")
@signed_in
def index() -> ResponseReturnValue:
    """Show the record types with how many records each has."""
    with transaction():
        types = types_in_navigation()
        return page(
            "records/index.html",
            types=types,
            counts=record_counts(),
            creatable={one.code for one in types if policy.may(one, "create")},
        )


@bp.get("/records/<type_code>")
@signed_in
def list_records(type_code: str) -> ResponseReturnValue:
    """Show the records of a type, filtered and ordered as the address says."""
    with transaction():
        record_type = get_type(type_code)
        if not (policy.may(record_type, "view") or policy.may(record_type, "create")):
            policy.require(record_type, "view")
        return _list(record_type)


def _list(record_type: RecordType) -> Response:
    shape = shape_of(record_type)
    filters = read_filters(request.args, shape)
    limit = read_limit(request.args.get("limit"))
    after = request.args.get("after")
    found = list_page(record_type, shape, filters, after=after, limit=limit)
    columns = columns_of(record_type, shape, filters)
    shown = {column.code for column in columns if column.field}
    names = names_for(
        shape,
        *({c: v for c, v in record.data.items() if c in shown} for record in found.records),
        people={r.owner_id for r in found.records if r.owner_id},
    )
    return page(
        "records/list.html",
        record_type=record_type,
        filters=filters,
        columns=columns,
        found=found,
        names=names,
        sort_url=lambda column: _sort_url(record_type, filters, column),
        without=lambda name: _url(record_type, filters.as_args(**{name: None})),
        next_url=_url(record_type, {**filters.as_args(), "after": found.next})
        if found.next
        else "",
        first_url=_url(record_type, filters.as_args()) if after else "",
        states=[(code, code.replace("_", " ").capitalize()) for code in states_of(record_type)],
        filterable=filterable(shape),
        picks=pickers_for(shape, {}),
        may_create=policy.may(record_type, "create"),
        chips=chips(shape, filters),
    )


def columns_of(record_type: RecordType, shape: Shape, filters: Filters) -> list[Column]:
    """Return the columns of a list: those of the type, or the usual ones."""
    codes: Sequence[str] = record_type.list_columns or USUAL_COLUMNS
    columns = []
    for code in codes:
        # A field of the type hides a fact of the same name, as in a condition.
        found = shape.by_code.get(code)
        if found is None and code not in META_COLUMNS:
            continue
        sort = COLUMN_SORTS.get(code, "") if found is None or code in _promoted(record_type) else ""
        if found is not None and found.code == record_type.amount_field:
            sort = "amount"
        order = ""
        if sort and filters.sort.removeprefix("-") == sort:
            order = "descending" if filters.sort.startswith("-") else "ascending"
        label = found.label if found else META_COLUMNS[code]
        columns.append(Column(code, label, found, sort, order))
    return columns


def _promoted(record_type: RecordType) -> set[str]:
    return {record_type.amount_field} if record_type.amount_field else set()


def _sort_url(record_type: RecordType, filters: Filters, column: Column) -> str:
    falling = column.order != "descending"
    return _url(record_type, filters.as_args(sort=f"{'-' if falling else ''}{column.sort}"))


def _url(record_type: RecordType, args: dict[str, str]) -> str:
    path = url_for("records.list_records", type_code=record_type.code)
    return f"{path}?{urlencode(args)}" if args else path


def filterable(shape: Shape) -> list[Field]:
    """Return the fields that a list can be filtered by."""
    return [field for field in shape.fields if field.type in FILTERED]


def chips(shape: Shape, filters: Filters) -> list[tuple[str, str, str]]:
    """Return the active column filters: name in the address, label, value in words."""
    found = []
    pointed = {
        code: value
        for name, value in filters.columns.items()
        if (code := name.partition(".")[0]) and re.fullmatch(UUID_PATTERN, value)
    }
    names = names_for(shape, pointed)
    for name, value in filters.columns.items():
        code, _, end = name.partition(".")
        field = shape.by_code[code]
        words = {"min": "from ", "max": "up to "}.get(end, "")
        text = value if field.type == "money" else as_words(field, _stored(field, value), names)
        found.append((f"f.{name}", field.label, words + (text or value)))
    return found


def _stored(field: Field, value: str) -> object:
    if field.type == "boolean":
        return value in {"true", "1", "yes"}
    return value if field.type not in {"person", "reference"} or len(value) == UUID_LENGTH else ""


@bp.get("/pickers/people")
@requires("users.view")
def suggest_people() -> ResponseReturnValue:
    """Suggest people for what is typed; the value is the address, which forms understand."""
    with transaction():
        found = find_people(_asked(), limit=SUGGESTED)
        options = [(user.email, f"{user.name} {user.title}".strip()) for user in found]
        return fragment("records/_options.html", options=options)


@bp.get("/pickers/records/<type_code>")
@signed_in
def suggest_records(type_code: str) -> ResponseReturnValue:
    """Suggest records of a type for what is typed; the value is the key."""
    with transaction():
        found = find_records(type_code, _asked(), limit=SUGGESTED)
        return fragment("records/_options.html", options=[(r.key, r.label) for r in found])


def _asked() -> str:
    """Return what was typed, whatever the name of the field it was typed into; nothing at first."""
    return next((value for name, value in request.args.items() if name != "_"), "")
