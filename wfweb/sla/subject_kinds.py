"""Making kinds of subjects: records, and what another feature tells in plain values."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

from wfweb.conditions import STANDARD, FieldType, FieldTypes
from wfweb.kernel.db import session
from wfweb.records.models import Record
from wfweb.records.types import fields_for_conditions, find_type
from wfweb.sla import record_subject
from wfweb.sla.subjects import Key, Lazy, Subject, SubjectKind

Told = Callable[[Collection[UUID]], Iterable[dict[str, Any]]]
Parts = Callable[[Collection[UUID]], Iterable[tuple[UUID, Key]]]


def record_kind(parts: Parts) -> SubjectKind:
    """Return how records are subjects."""
    return SubjectKind(
        "A record",
        record_subject.find,
        record_subject.fields,
        reassign=record_subject.reassign,
        parts=parts,
    )


def told_kind(
    subject_type: str,
    label: str,
    told: Told,
    more: Mapping[str, str],
    *,
    parts: Parts = lambda _subject_ids: (),
    reassign: Callable[[UUID, UUID], object] | None = None,
) -> SubjectKind:
    """Return how something about a record is a subject, told by its feature in plain values.

    :param more: what conditions may read of it besides the usual values of ``instance``.
    """

    def find(ids: Collection[UUID]) -> dict[UUID, Subject]:
        return {one["id"]: _subject(subject_type, one) for one in told(ids)}

    def fields(record_type: str | None) -> FieldTypes:
        found = find_type(record_type) if record_type else None
        record = fields_for_conditions(found) if found else record_subject.common_fields()
        types = {path: FieldType(kind) for path, kind in more.items()}
        return FieldTypes(record, {**STANDARD, **types})

    return SubjectKind(label, find, fields, reassign=reassign, parts=parts)


def _subject(subject_type: str, found: dict[str, Any]) -> Subject:
    requester_id = found.pop("requester_id", None)
    instance = found.pop("instance")
    record_id = found["record_id"]

    def record() -> dict[str, Any]:
        row = session().get(Record, record_id) if record_id else None
        return record_subject.record_facts(row) if row is not None else {}

    facts = Lazy(
        record=record,
        requester=lambda: record_subject.person_facts(requester_id),
        instance=lambda: instance,
    )
    return Subject(type=subject_type, facts=facts, **found)
