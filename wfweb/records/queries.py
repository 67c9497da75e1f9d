"""Reads of records for pages, the API and the features above."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import defer

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import remembered, session
from wfweb.kernel.errors import NotFound
from wfweb.records import policy
from wfweb.records.models import Record, RecordLink, RecordType, RecordVersion

LONGEST_QUERY: Final = 100
PICKED: Final = 50


def type_of(record: Record) -> RecordType:
    """Return the type of a record.

    :raises NotFound: when it has gone, which the database prevents.
    """
    found = session().get(RecordType, record.type_id)
    if found is None:
        raise NotFound
    return found


def record_types(*, inactive: bool = False) -> list[RecordType]:
    """Return the record types of the current company by name."""
    statement = select(RecordType).where(RecordType.company_id == current_actor().company_id)
    if not inactive:
        statement = statement.where(RecordType.active)
    return list(session().scalars(statement.order_by(RecordType.plural, RecordType.code)))


def _types_without_fields() -> list[RecordType]:
    """Return all types by name, read once a transaction: every page asks several times."""
    statement = (
        select(RecordType)
        .where(RecordType.company_id == current_actor().company_id)
        .options(defer(RecordType.fields), defer(RecordType.json_schema))
        .order_by(RecordType.plural, RecordType.code)
    )
    return remembered("record_types", lambda: list(session().scalars(statement)))


def types_in_navigation() -> list[RecordType]:
    """Return the active types whose records the actor may see or create, without fields."""
    found = [one for one in _types_without_fields() if one.active]
    return [one for one in found if policy.may(one, "view") or policy.may(one, "create")]


def viewable_codes() -> list[str]:
    """Return the codes of the types, active or not, whose records the actor may see."""
    return [one.code for one in _types_without_fields() if policy.may(one, "view")]


def record_counts() -> dict[UUID, int]:
    """Return how many records that are not archived each type has."""
    rows = session().execute(
        select(Record.type_id, func.count())
        .where(Record.company_id == current_actor().company_id, Record.archived_at.is_(None))
        .group_by(Record.type_id)
    )
    return {row[0]: row[1] for row in rows}


def _mine() -> Select[Record, RecordType]:
    return (
        select(Record, RecordType)
        .join(RecordType, RecordType.id == Record.type_id)
        .where(Record.company_id == current_actor().company_id)
    )


def record_by_id(record_id: UUID) -> Record:
    """Return a record that the actor may see.

    :raises NotFound: also for records of others that may not be seen.
    """
    return _visible(_mine().where(Record.id == record_id))


def record_by_key(key: str, type_code: str | None = None) -> Record:
    """Return a record that the actor may see, by its key such as ``ORD-1042``.

    :raises NotFound: also when it is of another type, or may not be seen.
    """
    if "\0" in key or (type_code and "\0" in type_code):
        raise NotFound
    statement = _mine().where(Record.key == key)
    if type_code is not None:
        statement = statement.where(Record.type_code == type_code)
    return _visible(statement)


def _visible(statement: Select[Record, RecordType]) -> Record:
    row = session().execute(statement).one_or_none()
    if row is None:
        raise NotFound
    record, record_type = row
    policy.require_view(record, record_type)
    return record


def records_by_ids(ids: Iterable[UUID]) -> dict[UUID, Record]:
    """Return records of the company by id, whether the actor may see them or not."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = session().scalars(
        select(Record).where(Record.company_id == current_actor().company_id, Record.id.in_(wanted))
    )
    return {record.id: record for record in rows}


def like(text: str) -> str:
    """Return a pattern that finds a text anywhere, its wildcards taken literally."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def find_records(type_code: str, text: str = "", *, limit: int = PICKED) -> list[Record]:
    """Return records of a type to choose from: newest first, or those that contain a text."""
    record_type = session().scalar(
        select(RecordType).where(
            RecordType.company_id == current_actor().company_id, RecordType.code == type_code
        )
    )
    if record_type is None:
        return []
    statement = select(Record).where(
        Record.company_id == current_actor().company_id,
        Record.type_id == record_type.id,
        Record.archived_at.is_(None),
    )
    if not policy.may(record_type, "view"):
        statement = statement.where(Record.owner_id == current_actor().id)
    wanted = text.replace("\0", "").strip().lower()[:LONGEST_QUERY]
    if wanted:
        statement = statement.where(Record.search_text.like(like(wanted)))
    return list(session().scalars(statement.order_by(Record.id.desc()).limit(limit)))


def versions_of(record_id: UUID, *, limit: int = 100) -> Sequence[RecordVersion]:
    """Return the versions of a record, newest first."""
    return (
        session()
        .scalars(
            select(RecordVersion)
            .where(
                RecordVersion.company_id == current_actor().company_id,
                RecordVersion.record_id == record_id,
            )
            .order_by(RecordVersion.version.desc())
            .limit(limit)
        )
        .all()
    )


def links_of(record_id: UUID) -> list[tuple[RecordLink, Record, bool]]:
    """Return links of a record with the other record; true when the link starts here.

    Records that the actor may not see are left out.
    """
    rows = session().execute(
        select(RecordLink, Record, RecordType)
        .join(
            Record,
            or_(
                (RecordLink.from_id == record_id) & (Record.id == RecordLink.to_id),
                (RecordLink.to_id == record_id) & (Record.id == RecordLink.from_id),
            ),
        )
        .join(RecordType, RecordType.id == Record.type_id)
        .where(
            RecordLink.company_id == current_actor().company_id,
            or_(RecordLink.from_id == record_id, RecordLink.to_id == record_id),
        )
        .order_by(RecordLink.id)
    )
    return [
        (link, other, link.from_id == record_id)
        for link, other, other_type in rows
        if policy.may_view(other, other_type)
    ]
