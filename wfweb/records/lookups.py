"""What a record points at: people, records and files must exist and be theirs to name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

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


def labels_for(shape: Shape, *datas: Mapping[str, Any]) -> dict[str, str]:
    """Return names of all people, records and files that data names, by id, in three queries."""
    found = [m for data in datas for m in mentions(shape, data)]
    labels: dict[str, str] = {}
    people = {m.id for m in found if m.field.type == "person"}
    for user_id, user in people_by_ids(people).items():
        labels[str(user_id)] = user.name
    records = {m.id for m in found if m.field.type == "reference"}
    if records:
        rows = session().execute(
            select(Record.id, Record.key, Record.title).where(
                Record.company_id == current_actor().company_id, Record.id.in_(records)
            )
        )
        labels.update({str(i): title if title != key else key for i, key, title in rows})
    files = {m.id for m in found if m.field.type == "file"}
    if files:
        names = session().execute(
            select(Attachment.id, Attachment.file_name).where(
                Attachment.company_id == current_actor().company_id, Attachment.id.in_(files)
            )
        )
        labels.update({str(i): name for i, name in names})
    return labels


def referenced_keys(ids: set[UUID]) -> dict[str, tuple[str, str]]:
    """Return type code and key of records by their id, for links on pages."""
    if not ids:
        return {}
    rows = session().execute(
        select(Record.id, Record.type_code, Record.key).where(
            Record.company_id == current_actor().company_id, Record.id.in_(ids)
        )
    )
    return {str(i): (code, key) for i, code, key in rows}
