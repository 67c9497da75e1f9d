"""What a stale change meets: the three versions of every field that somebody changed (REC-2)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import ValidationFailed
from wfweb.records.check import check_record
from wfweb.records.difference import three_way
from wfweb.records.errors import RecordConflict
from wfweb.records.models import Record, RecordVersion
from wfweb.records.shape import Shape


def conflict(
    record: Record, shape: Shape, data_patch: object, *, your_version: int
) -> RecordConflict:
    """Return the refusal of a stale change, with what each side did to each field."""
    was = version_data(record.id, your_version) or {}
    yours = data_patch if isinstance(data_patch, Mapping) else {}
    difference = three_way(shape.fields, was, record.data, _as_kept(shape, yours, was))
    by = session().scalar(
        select(RecordVersion.by_name).where(
            RecordVersion.record_id == record.id, RecordVersion.version == record.version
        )
    )
    return RecordConflict(
        current_version=record.version,
        your_version=your_version,
        difference=[one.as_dict() for one in difference],
        by=by or "",
    )


def _as_kept(shape: Shape, yours: Mapping[str, Any], was: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a patch in the form records keep, so that equal values compare equal."""
    try:
        clean = check_record(shape, yours, before=was)
    except ValidationFailed:
        return {code: yours[code] for code in yours if code in shape.by_code}
    return {code: clean.get(code) for code in (*yours, *shape.computed) if code in shape.by_code}


def version_data(record_id: UUID, version: int) -> dict[str, Any] | None:
    """Return what a record held in a version, or ``None`` when there was none."""
    return session().scalar(
        select(RecordVersion.data).where(
            RecordVersion.company_id == current_actor().company_id,
            RecordVersion.record_id == record_id,
            RecordVersion.version == version,
        )
    )
