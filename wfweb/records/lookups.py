"""What a record points at: people, records and files must exist and be theirs to name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from wfweb.identity.models import User
from wfweb.identity.queries import active_people, people_by_ids
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.records import policy
from wfweb.records.fields import Field, pointer
from wfweb.records.models import Attachment, Record, RecordType
from wfweb.records.shape import Shape

POINTING = frozenset({"person", "reference", "file"})


@dataclass(frozen=True, slots=True)
class Mention:
    """One id that a record's data names, and where."""

    field: Field
    place: str
    id: UUID


def mentions(shape: Shape, data: Mapping[str, Any]) -> Iterator[Mention]:
    """Find every person, record and file that data names."""
    for field in shape.fields:
        value = data.get(field.code)
        if value is None:
            continue
        if field.type in POINTING:
            yield Mention(field, pointer(field.code), UUID(value))
        elif field.type == "lines":
            for number, line in enumerate(value):
                for inner in field.fields:
                    if inner.type in POINTING and line.get(inner.code):
                        place = pointer(field.code, number, inner.code)
                        yield Mention(inner, place, UUID(line[inner.code]))


def check_mentions(
    shape: Shape, data: Mapping[str, Any], *, before: Mapping[str, Any], record_id: UUID | None
) -> dict[UUID, Attachment]:
    """Check what is newly named; what was named before may have become inactive since.

    :returns: the files named for the first time, which the caller binds to the record.
    :raises ValidationFailed: naming every place that points nowhere.
    """
    known = {(m.field.code, m.id) for m in mentions(shape, before)}
    new = [m for m in mentions(shape, data) if (m.field.code, m.id) not in known]
    if not new:
        return {}
    files = _files([m for m in new if m.field.type == "file"], record_id)
    errors = [
        *_people([m for m in new if m.field.type == "person"]),
        *_records([m for m in new if m.field.type == "reference"]),
        *(
            FieldError(m.place, f"Choose a file for {m.field.label}", "file")
            for m in new
            if m.field.type == "file" and m.id not in files
        ),
    ]
    if errors:
        raise ValidationFailed(errors)
    return files


def _people(wanted: list[Mention]) -> Iterator[FieldError]:
    if not wanted:
        return
    active = {user.id for user in active_people({m.id for m in wanted})}
    for mention in wanted:
        if mention.id not in active:
            message = f"Choose an active person for {mention.field.label}"
            yield FieldError(mention.place, message, "person")


def _records(wanted: list[Mention]) -> Iterator[FieldError]:
    if not wanted:
        return
    rows = session().execute(
        select(Record, RecordType)
        .join(RecordType, RecordType.id == Record.type_id)
        .where(
            Record.company_id == current_actor().company_id,
            Record.id.in_({m.id for m in wanted}),
            Record.archived_at.is_(None),
        )
    )
    seen = {r.id: r.type_code for r, record_type in rows if policy.may_view(r, record_type)}
    for mention in wanted:
        if seen.get(mention.id) != mention.field.reference:
            yield FieldError(
                mention.place, f"Choose a record for {mention.field.label}", "reference"
            )


def _files(wanted: list[Mention], record_id: UUID | None) -> dict[UUID, Attachment]:
    """Return the files that may be named: the record's own, or uploads of the same actor."""
    if not wanted:
        return {}
    actor = current_actor()
    rows = session().scalars(
        select(Attachment).where(
            Attachment.company_id == actor.company_id,
            Attachment.id.in_({m.id for m in wanted}),
            Attachment.removed_at.is_(None),
        )
    )
    return {
        row.id: row
        for row in rows
        if (row.subject_id is not None and row.subject_id == record_id)
        or (row.subject_id is None and row.by_id == actor.id)
    }


@dataclass(frozen=True, slots=True)
class Names:
    """What people read for the ids in a record: names, and where referenced records are."""

    labels: Mapping[str, str]
    places: Mapping[str, tuple[str, str]]

    def label(self, value: object) -> str:
        """Return the name of an id; empty when it has gone."""
        return self.labels.get(str(value), "")


def names_for(shape: Shape, *datas: Mapping[str, Any], people: Iterable[UUID] = ()) -> Names:
    """Return the names of everything that data points at, in at most three queries.

    :param people: further people whose names are wanted, e.g. owners.
    """
    found = [m for data in datas for m in mentions(shape, data)]
    labels: dict[str, str] = {}
    places: dict[str, tuple[str, str]] = {}
    wanted = {m.id for m in found if m.field.type == "person"} | set(people)
    for user_id, user in people_by_ids(wanted).items():
        labels[str(user_id)] = user.name
    for row in _rows_of({m.id for m in found if m.field.type == "reference"}):
        labels[str(row[0])] = row[3] if row[3] == row[2] else f"{row[2]} {row[3]}"
        places[str(row[0])] = (row[1], row[2])
    files = {m.id for m in found if m.field.type == "file"}
    if files:
        names = session().execute(
            select(Attachment.id, Attachment.file_name).where(
                Attachment.company_id == current_actor().company_id, Attachment.id.in_(files)
            )
        )
        labels.update({str(row[0]): row[1] for row in names})
    return Names(labels, places)


def _rows_of(ids: set[UUID]) -> Sequence[Any]:
    if not ids:
        return ()
    return (
        session()
        .execute(
            select(Record.id, Record.type_code, Record.key, Record.title).where(
                Record.company_id == current_actor().company_id, Record.id.in_(ids)
            )
        )
        .all()
    )


def titles_for(shape: Shape, data: Mapping[str, Any]) -> dict[str, str]:
    """Return what a title shows for people and records: their bare names."""
    names = names_for(shape, data)
    prefixes = {identity: f"{key} " for identity, (_type, key) in names.places.items()}
    return {i: label.removeprefix(prefixes.get(i, "")) for i, label in names.labels.items()}


def ids_of_people(addresses: Iterable[str]) -> dict[str, str]:
    """Return the ids of active people by the addresses that were typed, in small letters."""
    wanted = {address.lower() for address in addresses}
    if not wanted:
        return {}
    rows = session().execute(
        select(User.id, User.email).where(
            User.company_id == current_actor().company_id,
            User.active,
            func.lower(User.email).in_(wanted),
        )
    )
    return {row[1].lower(): str(row[0]) for row in rows}


def ids_of_records(keys: Iterable[str]) -> dict[str, str]:
    """Return the ids of records by the keys that were typed, in capital letters."""
    wanted = {key.upper() for key in keys}
    if not wanted:
        return {}
    rows = session().execute(
        select(Record.id, Record.key).where(
            Record.company_id == current_actor().company_id, Record.key.in_(wanted)
        )
    )
    return {row[1]: str(row[0]) for row in rows}
