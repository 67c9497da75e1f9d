"""Creating many records at once: imports and demos of thousands, in a few statements."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.ids import new_id, next_keys
from wfweb.kernel.journal import journal
from wfweb.records import policy, service
from wfweb.records.check import check_record
from wfweb.records.models import Record, RecordType, RecordVersion
from wfweb.records.shape import Shape
from wfweb.records.types import get_type, shape_of

_RECORDS: Any = Record.__table__
_VERSIONS: Any = RecordVersion.__table__
_POINTING = frozenset({"reference", "person", "file"})


def create_many(type_code: str, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Create records of a type that starts no workflow and points at nothing; return their ids.

    Every row is checked and told like one of :func:`wfweb.records.service.create_record`: each
    record has its first version and its entry in the audit.

    :raises ValidationFailed: naming the first wrong row, e.g. ``/3/name``.
    :raises Forbidden: when the actor may not create records of the type.
    """
    record_type = get_type(type_code)
    policy.require(record_type, "create")
    shape = shape_of(record_type)
    if record_type.default_workflow or any(field.type in _POINTING for field in shape.fields):
        raise ValidationFailed.at("", f"{record_type.plural} are created one by one", "one_by_one")
    keys = next_keys(record_type.key_prefix, len(rows)) if rows else []
    records = [
        _made(record_type, shape, key, row, number)
        for number, (key, row) in enumerate(zip(keys, rows, strict=True))
    ]
    for record in records:
        _write(record)
    journal().flush()  # what follows from a new record, and the same act, look at it
    for record in records:
        service.tell_created(record, record_type)
    return [record.id for record in records]


def _made(
    record_type: RecordType, shape: Shape, key: str, row: Mapping[str, Any], number: int
) -> Record:
    try:
        clean = check_record(shape, row)
    except ValidationFailed as refusal:
        first = refusal.errors[0]
        place = f"/{number}{first.pointer}"
        raise ValidationFailed.at(place, first.message, first.code) from None
    record = Record(id=new_id(), type_id=record_type.id, type_code=record_type.code, key=key)
    service.fill(record, record_type, shape, clean)
    return record


def _write(record: Record) -> None:
    actor, now = current_actor(), clock.now()
    journal().insert(
        _RECORDS,
        {
            **{
                name: getattr(record, name)
                for name in ("id", "type_id", "type_code", "key", "title", "data")
            },
            **{name: getattr(record, name) for name in ("amount", "currency", "search_text")},
            "company_id": actor.company_id,
            "owner_id": actor.id,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        },
    )
    journal().insert(
        _VERSIONS,
        {
            "company_id": actor.company_id,
            "record_id": record.id,
            "version": 1,
            "title": record.title,
            "data": record.data,
            "changed_fields": sorted(record.data),
        },
    )
