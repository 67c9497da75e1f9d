"""Lists of records: filters from the address, an allow-list of orders, keyset pages.

Every filter is in the URL, so a list can be sent to a colleague and Back restores it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Numeric, Select, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.records import money, policy
from wfweb.records.fields import Field, storable
from wfweb.records.lookups import ids_of_people, ids_of_records
from wfweb.records.models import Record, RecordType
from wfweb.records.queries import LONGEST_QUERY, like
from wfweb.records.shape import Shape

COUNTED_TO: Final = 1000
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{1,7}-[0-9]{1,12}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EXACT: Final = frozenset({"choice", "person", "reference"})
_RANGED: Final = frozenset({"number", "integer", "money", "date", "datetime"})
# Order by name -> column; ``-`` in front turns it round. Ids grow with time.
SORTS: Final[Mapping[str, Any]] = {
    "updated": Record.updated_at,
    "created": Record.id,
    "title": Record.title,
    "amount": Record.amount,
    "state": Record.state,
}
COLUMN_SORTS: Final[Mapping[str, str]] = {
    "key": "created",
    "created_at": "created",
    "updated_at": "updated",
    "title": "title",
    "amount": "amount",
    "state": "state",
}
USUAL_SORT: Final = "-created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list shows; unknown and malformed parts of an address are left out."""

    text: str = ""
    state: str = ""
    mine: bool = False
    archived: bool = False
    sort: str = USUAL_SORT
    columns: Mapping[str, str] = field(default_factory=dict)

    def as_args(self, **changes: str | None) -> dict[str, str]:
        """Return the arguments of the address of this list with other parts changed."""
        args: dict[str, str | None] = {
            "q": self.text,
            "state": self.state,
            "mine": "1" if self.mine else None,
            "archived": "1" if self.archived else None,
            "sort": self.sort if self.sort != USUAL_SORT else None,
            **{f"f.{name}": value for name, value in self.columns.items()},
            **changes,
        }
        return {name: value for name, value in args.items() if value}

    @property
    def count(self) -> int:
        """How many filters are on."""
        return sum(map(bool, (self.text, self.state, self.mine, self.archived))) + len(self.columns)


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list: rows, the cursor of the next page, and how many there are."""

    records: list[Record]
    next: str
    total: int
    more: bool


def read_filters(args: Mapping[str, str], shape: Shape) -> Filters:
    """Read filters from the arguments of an address."""
    columns = {}
    for name, value in args.items():
        if not name.startswith("f.") or not value.strip() or not storable(value):
            continue
        code, _, end = name[2:].partition(".")
        found = shape.by_code.get(code)
        if found and (end in {"", "min", "max"}) and _readable(found, value.strip(), end):
            columns[name[2:]] = value.strip()[:LONGEST_QUERY]
    sort = args.get("sort", USUAL_SORT)
    text, state = args.get("q", ""), args.get("state", "")
    return Filters(
        text=text.strip()[:LONGEST_QUERY] if storable(text) else "",
        state=state[:LONGEST_QUERY] if storable(state) else "",
        mine=args.get("mine") == "1",
        archived=args.get("archived") == "1",
        sort=sort if sort.removeprefix("-") in SORTS else USUAL_SORT,
        columns=columns,
    )


def _readable(found: Field, value: str, end: str) -> bool:
    if end and found.type not in _RANGED:
        return False
    if found.type in {"number", "integer", "money"}:
        return money.amount(value) is not None
    if found.type in {"date", "datetime"}:
        return _day(value) is not None
    return found.type not in {"lines", "file"}


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if _DAY.fullmatch(value) else None
    except ValueError:
        return None


def list_page(
    record_type: RecordType, shape: Shape, filters: Filters, *, after: str | None, limit: int
) -> ListPage:
    """Return one page of the records of a type that the actor may see.

    :param after: the cursor of the page before.
    :raises ValidationFailed: when the cursor is not one of this list.
    """
    matching = _matching(record_type, shape, filters)
    column, falling = SORTS[filters.sort.removeprefix("-")], filters.sort.startswith("-")
    ordered = _ordered(matching, column, falling=falling)
    last = decode_cursor(after, 2, [(column.type.python_type, type(None)), UUID])
    if last:
        ordered = ordered.where(_beyond(column, last, falling=falling))
    rows = list(session().scalars(ordered.limit(limit + 1)))
    shown, more = rows[:limit], len(rows) > limit
    counted = select(func.count()).select_from(
        matching.with_only_columns(Record.id).limit(COUNTED_TO + 1).subquery()
    )
    total = len(shown) if not more and not last else session().execute(counted).scalar_one()
    cursor = encode_cursor([_value(shown[-1], column), shown[-1].id]) if more else ""
    return ListPage(shown, cursor, min(total, COUNTED_TO), total > COUNTED_TO)


def _matching(record_type: RecordType, shape: Shape, filters: Filters) -> Select[Record]:
    actor = current_actor()
    statement = select(Record).where(
        Record.company_id == actor.company_id, Record.type_id == record_type.id
    )
    archived = Record.archived_at
    statement = statement.where(archived.is_not(None) if filters.archived else archived.is_(None))
    if filters.mine or not policy.may(record_type, "view"):
        statement = statement.where(Record.owner_id == actor.id)
    if filters.state:
        statement = statement.where(Record.state == filters.state)
    if filters.text:
        statement = statement.where(_contains(filters.text))
    for name, value in filters.columns.items():
        code, _, end = name.partition(".")
        statement = statement.where(_condition(record_type, shape.by_code[code], value, end))
    return statement


def _contains(text: str) -> ColumnElement[bool]:
    if _KEY.fullmatch(text):
        return and_(Record.key == text.upper())
    return Record.search_text.like(like(text.lower()))


def _condition(record_type: RecordType, found: Field, value: str, end: str) -> ColumnElement[bool]:
    stored = Record.data[found.code].astext
    if found.type in _EXACT:
        return and_(stored == _named(found, value))
    if found.type == "boolean":
        return and_(stored == ("true" if value in {"true", "1", "yes"} else "false"))
    if found.type in _RANGED:
        return _range(_comparable(record_type, found), _limit(found, value), end)
    return func.lower(stored).like(like(value.lower()))


def _named(found: Field, value: str) -> str:
    """Return the id of somebody or something that was typed as address or key."""
    if found.type == "person" and "@" in value:
        return ids_of_people([value]).get(value.lower(), value)
    if found.type == "reference" and _KEY.fullmatch(value):
        return ids_of_records([value]).get(value.upper(), value)
    return value


def _comparable(record_type: RecordType, found: Field) -> Any:
    if found.code == record_type.amount_field:
        return Record.amount
    if found.type == "money":
        return cast(Record.data[found.code]["amount"].astext, Numeric)
    if found.type in {"number", "integer"}:
        return cast(Record.data[found.code].astext, Numeric)
    # ISO texts of days and of moments in UTC sort as time does.
    return func.left(Record.data[found.code].astext, 10)


def _limit(found: Field, value: str) -> Decimal | str:
    return value if found.type in {"date", "datetime"} else Decimal(value)


def _range(column: Any, value: Any, end: str) -> ColumnElement[bool]:
    if end == "min":
        return and_(column >= value)
    return and_(column <= value) if end == "max" else and_(column == value)


def _ordered(statement: Select[Record], column: Any, *, falling: bool) -> Select[Record]:
    """Order so that nothing counts as smallest, which is how the indexes lie."""
    if column is Record.id:
        return statement.order_by(Record.id.desc() if falling else Record.id)
    if not column.nullable:
        first = column.desc() if falling else column
    else:
        first = column.desc().nulls_last() if falling else column.asc().nulls_first()
    return statement.order_by(first, Record.id.desc() if falling else Record.id)


def _beyond(column: Any, last: list[Any], *, falling: bool) -> ColumnElement[bool]:
    value, identity = last
    if not column.nullable:
        here, last_seen = tuple_(column, Record.id), tuple_(value, identity)
        return and_(here < last_seen if falling else here > last_seen)
    next_id = Record.id < identity if falling else Record.id > identity
    if value is None:
        empty = and_(column.is_(None), next_id)
        return empty if falling else or_(empty, column.is_not(None))
    same = and_(column == value, next_id)
    return or_(column < value, same, column.is_(None)) if falling else or_(column > value, same)


def _value(record: Record, column: Any) -> datetime | Decimal | str | Any:
    return getattr(record, column.key)


def states_of(record_type: RecordType, limit: int = 40) -> list[str]:
    """Return the states that records of a type are in, found by jumping through the index."""
    mine = (
        Record.company_id == current_actor().company_id,
        Record.type_id == record_type.id,
        Record.state.is_not(None),
    )
    first = select(func.min(Record.state).label("state")).where(*mine)
    found = first.cte("found", recursive=True)
    other = aliased(Record)
    following = (
        select(func.min(other.state))
        .where(
            other.company_id == current_actor().company_id,
            other.type_id == record_type.id,
            other.state > found.c.state,
        )
        .scalar_subquery()
    )
    found = found.union_all(select(following).where(found.c.state.is_not(None)))
    rows = session().scalars(select(found.c.state).limit(limit))
    return [state for state in rows if state is not None]
