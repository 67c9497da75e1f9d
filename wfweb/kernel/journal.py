"""The journal: rows an act writes besides the ORM, set-based, in one round trip.

History, audit entries, outbox rows and decisions are append-only and written often, and
the state of instances and requests is hot. Collected here during the act and sent as one
pipelined batch when it ends, they cost an approval two network waits instead of ten
(measured in benchmarks/decision.py); the same path serves a bulk of a thousand and a replay.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import RawCursor
from psycopg.types.json import Jsonb
from sqlalchemy import Column, Table
from sqlalchemy.dialects.postgresql import JSONB

from wfweb.kernel.db import session, translated
from wfweb.kernel.jsontext import dumps

Row = Mapping[str, Any]
TOGETHER = 24
"""Up to how many rows are written by one statement; each is a part that has to be planned."""
CHUNK = 100
"""How many new rows of one table go into one statement when there are many of them."""


def _adapter(column: "Column[Any]") -> Callable[[Any], Any] | None:
    if isinstance(column.type, JSONB):
        return lambda value: None if value is None else Jsonb(value, dumps=dumps)
    return None


def _default(column: "Column[Any]") -> Callable[[], Any] | None:
    default = column.default
    if default is None:
        return None
    if default.is_callable:
        # SQLAlchemy wraps callables to take a context; ours ignore it.
        call = default.arg  # type: ignore[attr-defined]
        return lambda: call(None)
    value = default.arg  # type: ignore[attr-defined]
    return lambda: value


@lru_cache(maxsize=256)
def _insert_plan(table: Table) -> tuple[str, list[tuple[str, Any, Any]]]:
    """Return the statement for all columns of a table and how to fill each of them."""
    columns = [c for c in table.columns if c.server_default is None and c.computed is None]
    names = ", ".join(f'"{c.name}"' for c in columns)
    marks = ", ".join(["%s"] * len(columns))
    plan = [(c.name, _adapter(c), _default(c)) for c in columns]
    # Names come from our own models, values go as parameters.
    return f'insert into "{table.name}" ({names}) values ({marks})', plan  # noqa: S608


@lru_cache(maxsize=512)
def _update_plan(table: Table, names: tuple[str, ...]) -> tuple[str, list[Any]]:
    sets = ", ".join(f'"{name}" = %s' for name in names)
    adapters = [_adapter(table.columns[name]) for name in names]
    return f'update "{table.name}" set {sets} where "id" = %s', adapters  # noqa: S608


@lru_cache(maxsize=256)
def _rank(table: Table) -> int:
    """Return a table's place in the order in which no row comes before one it refers to."""
    return table.metadata.sorted_tables.index(table)


def _send(cursor: Any, batches: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> None:
    """Send batches: the few rows of an ordinary act as one statement, many rows as prepared ones.

    Changes and additions are never mixed in one statement, because its parts have no order:
    a row that gives up its place in a unique index has to do so before the new one takes it.
    """
    if len(batches) < 2 or sum(len(rows) for _statement, rows in batches) > TOGETHER:  # noqa: PLR2004
        for statement, rows in batches:
            _send_many(cursor, statement, rows)
        return
    parts = [statement for statement, rows in batches for _row in rows]
    named = ", ".join(f"part{n} as ({part} returning 1)" for n, part in enumerate(parts))
    values = [value for _statement, rows in batches for row in rows for value in row]
    cursor.execute(f"with {named} select 1", values)


def _send_many(cursor: Any, statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Send many rows of one statement: new ones by the hundred, changes one by one, prepared."""
    if len(rows) <= TOGETHER or not statement.startswith("insert"):
        cursor.executemany(statement, rows)
        return
    with RawCursor(cursor.connection) as raw:
        for first in range(0, len(rows), CHUNK):
            chunk = rows[first : first + CHUNK]
            wide = _for_many(statement, len(chunk), len(chunk[0]))
            raw.execute(wide, [value for row in chunk for value in row])


@lru_cache(maxsize=256)
def _for_many(statement: str, rows: int, width: int) -> str:
    """Return an insert for many rows, numbered as the server wants it: nothing is left to parse."""
    head = statement.partition(" values ")[0]
    lists = (
        "(" + ", ".join(f"${row * width + n}" for n in range(1, width + 1)) + ")"
        for row in range(rows)
    )
    return f"{head} values {', '.join(lists)}"


class Journal:
    """What one act will write; :meth:`flush` sends it with new rows after those they refer to."""

    def __init__(self) -> None:
        self._inserts: dict[Table, list[dict[str, Any]]] = {}
        self._updates: dict[Table, dict[UUID, dict[str, Any]]] = {}
        self._unsent: dict[UUID, dict[str, Any]] = {}
        self._calls: dict[str, list[Sequence[Any]]] = {}

    def insert(self, table: Table, row: Row) -> None:
        """Add a row; columns that are not given take the model's default or null."""
        held = dict(row)
        self._inserts.setdefault(table, []).append(held)
        if "id" in held:
            self._unsent[held["id"]] = held

    def update(self, table: Table, row_id: UUID, changes: Row) -> None:
        """Change columns of a row that this transaction has locked or made; later changes win."""
        unsent = self._unsent.get(row_id)
        if unsent is not None:
            # Updates are sent before new rows, so a row not yet sent is changed where it waits.
            unsent.update(changes)
            return
        self._updates.setdefault(table, {}).setdefault(row_id, {}).update(changes)

    def call(self, statement: str, values: Sequence[Any]) -> None:
        """Add a statement of its own (driver's ``%s``); sent before updates and new rows."""
        self._calls.setdefault(statement, []).append(values)

    def unsent(self, table: Table) -> list[dict[str, Any]]:
        """Return the new rows of a table that wait here and can still be changed."""
        return self._inserts.get(table, [])

    def flush(self) -> None:
        """Send everything now: pending ORM changes, then calls, updates, new rows."""
        current = session()
        current.flush()
        if not (self._inserts or self._updates or self._calls):
            return
        current.info["wrote"] = True
        current.info.pop("memo", None)
        changes = [*self._calls.items(), *self._update_batches()]
        additions = self._insert_batches()
        self.discard()
        driver = current.connection().connection.driver_connection
        with translated(), driver.pipeline(), driver.cursor() as cursor:  # type: ignore[union-attr]
            for batches in (changes, additions):
                _send(cursor, batches)
        current.expire_all()

    def discard(self) -> None:
        """Forget what was not sent, because a savepoint around it is rolled back."""
        self._inserts, self._updates, self._unsent, self._calls = {}, {}, {}, {}

    def _insert_batches(self) -> list[tuple[str, Sequence[Sequence[Any]]]]:
        batches: list[tuple[str, Sequence[Sequence[Any]]]] = []
        for table, rows in sorted(self._inserts.items(), key=lambda item: _rank(item[0])):
            statement, plan = _insert_plan(table)
            batches.append((statement, [_fill(row, plan) for row in rows]))
        return batches

    def _update_batches(self) -> list[tuple[str, Sequence[Sequence[Any]]]]:
        batches: dict[tuple[Table, tuple[str, ...]], list[Sequence[Any]]] = {}
        for table, rows in self._updates.items():
            # Ascending ids: two acts that touch the same rows take them in the same order.
            for row_id, changes in sorted(rows.items()):
                names = tuple(changes)
                _statement, adapters = _update_plan(table, names)
                values = [
                    adapt(value) if adapt else value
                    for adapt, value in zip(adapters, changes.values(), strict=True)
                ]
                batches.setdefault((table, names), []).append((*values, row_id))
        return [(_update_plan(*key)[0], rows) for key, rows in batches.items()]


def _fill(row: Row, plan: list[tuple[str, Any, Any]]) -> list[Any]:
    values = []
    for name, adapt, default in plan:
        value = row[name] if name in row else default() if default else None
        values.append(adapt(value) if adapt else value)
    return values


def journal() -> Journal:
    """Return the journal of the current act."""
    found: Journal | None = session().info.get("journal")
    if found is None:
        found = session().info["journal"] = Journal()
    return found


@contextmanager
def savepoint() -> Iterator[None]:
    """Take back what the block wrote when it fails, and nothing that was written before it."""
    journal().flush()
    nested = session().begin_nested()
    try:
        yield
        journal().flush()
    except BaseException:
        journal().discard()
        nested.rollback()
        raise
    nested.commit()
