"""What alerts are about: records looked up by the thousand, and what conditions see of them."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from wfweb import conditions
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.records.models import Record


class Subject(NamedTuple):
    """What an alert is about; ``record`` is false for what has no record."""

    id: UUID
    key: str
    title: str
    type_code: str | None
    owner_id: UUID | None
    record: bool = True

    @property
    def label(self) -> str:
        """How it is called in a sentence."""
        return self.key if self.title == self.key else f"{self.key} {self.title}".strip()


_COLUMNS = (
    Record.id,
    Record.key,
    Record.title,
    Record.type_code,
    Record.owner_id,
    Record.archived_at,
)


def find(ids: Collection[UUID], keys: Collection[str] = ()) -> tuple[list[Subject], set[str]]:
    """Return the records of the company with these ids or keys, and the keys of archived ones."""
    found: dict[UUID, Subject] = {}
    archived: set[str] = set()
    for column, values, kind in ((Record.id, list(ids), Uuid()), (Record.key, list(keys), Text())):
        if not values:
            continue
        wanted = bindparam(None, values, type_=ARRAY(kind))
        statement = select(*_COLUMNS).where(
            Record.company_id == current_actor().company_id, column == any_(wanted)
        )
        for row in session().execute(statement):
            found[row.id] = Subject(row.id, row.key, row.title, row.type_code, row.owner_id)
            if row.archived_at is not None:
                archived.add(row.key)
    return list(found.values()), archived


# One row a record orders everything that is evaluated about it: without it, two acts that each
# bring half of what a rule needs would both see the other half missing.
_LOCK = text(
    "insert into metric_subjects (record_id, company_id, last_ingested_at)"
    " select one, :company, :now from unnest(cast(:ids as uuid[])) one order by one"
    " on conflict (record_id) do update set last_ingested_at = excluded.last_ingested_at"
)
_LOCK_OTHER = text("select pg_advisory_xact_lock(hashtextextended(:subject, 0))")


def lock_records(ids: Iterable[UUID]) -> None:
    """Let nobody else evaluate these records until the act ends."""
    wanted = sorted(set(ids))
    if wanted:
        values = {"company": current_actor().company_id, "now": clock.now(), "ids": wanted}
        session().execute(_LOCK, values)


def lock_other(subject_id: UUID) -> None:
    """Let nobody else evaluate a subject that is no record until the act ends."""
    session().execute(_LOCK_OTHER, {"subject": f"alerts:{subject_id}"})


def facts_of(ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Return what conditions see of records, by id."""
    if not ids:
        return {}
    wanted = bindparam(None, list(ids), type_=ARRAY(Uuid()))
    statement = select(
        *_COLUMNS, Record.state, Record.version, Record.created_at, Record.updated_at, Record.data
    ).where(Record.company_id == current_actor().company_id, Record.id == any_(wanted))
    return {row.id: _facts(row) for row in session().execute(statement)}


def _facts(row: Any) -> dict[str, Any]:
    return {
        **row.data,
        "id": str(row.id),
        "key": row.key,
        "title": row.title,
        "state": row.state,
        "owner": str(row.owner_id) if row.owner_id else None,
        "version": row.version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def context_of(facts: Mapping[str, Any], event: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the context of a condition: a record's facts, and those of an event beside them."""
    record = facts if event is None else {**facts, "event": event}
    return conditions.make_context(record, now=clock.now())
