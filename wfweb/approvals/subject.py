"""What a request is about, read at the moment it matters: the record, its content, its people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from wfweb.approvals.content import Snapshot, digest_of, material_codes, take_snapshot
from wfweb.approvals.electorate import Subject
from wfweb.approvals.models import ApprovalRequest
from wfweb.approvals.rows import Request
from wfweb.conditions.values import as_number
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.journal import journal
from wfweb.records.models import Attachment, Record, RecordType, RecordVersion

REQUESTED = "asked for it"
EDITED = "changed what is asked"


@dataclass(slots=True)
class Content:
    """A record as it stands, as people will be shown it."""

    record: Record
    record_type: RecordType
    material: list[str]
    snapshot: Snapshot
    digest: str


def content_of(record_id: UUID, *, lock: bool = False) -> Content:
    """Read a record and take its snapshot.

    :param lock: keep others from changing it until the act ends.
    :raises NotFound: when there is no such record.
    """
    journal().flush()
    query = select(Record).where(Record.id == record_id)
    query = query.execution_options(populate_existing=True)
    record = session().scalar(query.with_for_update(key_share=True) if lock else query)
    record_type = session().get(RecordType, record.type_id) if record else None
    if record is None or record_type is None:
        raise NotFound
    # Paths such as lines.price name a part; the field they lie in is what is compared.
    named = [path.partition(".")[0] for path in record_type.material_fields]
    material = material_codes(record_type.fields, named)
    snapshot = take_snapshot(
        type_code=record.type_code,
        record_key=record.key,
        title=record.title,
        fields=record_type.fields,
        material=material,
        data=record.data,
        attachments=_attachments(record_id),
    )
    return Content(record, record_type, material, snapshot, digest_of(snapshot))


def _attachments(record_id: UUID) -> list[dict[str, Any]]:
    query = (
        select(Attachment.id, Attachment.file_name, Attachment.sha256, Attachment.size_bytes)
        .where(Attachment.subject_id == record_id, Attachment.removed_at.is_(None))
        .order_by(Attachment.id)
    )
    return [
        {"id": str(row.id), "name": row.file_name, "sha256": row.sha256, "size": row.size_bytes}
        for row in session().execute(query)
    ]


def amount_of(content: Content, approval: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
    """Return amount and currency of the field an approval names, else of the record itself.

    An approval that is not about the amount (``about_amount: false``), such as one to unlock a
    record, has none: a reader must not take the record's worth for what is asked.
    """
    if not approval.get("about_amount", True):
        return None, None
    path: str | None = approval.get("amount_field")
    if path is None:
        return content.record.amount, content.record.currency
    value: Any = content.record.data
    for key in path.removeprefix("record.").split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict) and "amount" in value:
        return _decimal(value["amount"]), value.get("currency")
    return _decimal(value), None


def _decimal(value: object) -> Decimal | None:
    number = as_number(value)
    return None if number is None else Decimal(number)


def editors_of(record_id: UUID, material: Sequence[str]) -> list[UUID]:
    """Return who wrote material fields since the record was last approved, in the order they did.

    Whoever wrote what is asked counts as asking for it (DECISIONS 13). Work that an earlier
    approval has settled is not held against anybody for ever.
    """
    settled = (
        select(ApprovalRequest.record_version)
        .where(ApprovalRequest.record_id == record_id, ApprovalRequest.status == "approved")
        .order_by(ApprovalRequest.decided_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(RecordVersion.by_id)
        .where(
            RecordVersion.record_id == record_id,
            RecordVersion.by_id.is_not(None),
            RecordVersion.changed_fields.overlap(list(material)),
            RecordVersion.version > func.coalesce(settled, 0),
        )
        .order_by(RecordVersion.version)
    )
    return list(dict.fromkeys(found for found in session().scalars(query) if found is not None))


def subject_of(request: Request) -> Subject:
    """Return what approvers are looked up for when a level opens: live data (rule 5)."""
    query = select(Record.data, Record.owner_id).where(Record.id == request.record_id)
    row = session().execute(query).one()
    return Subject(
        data=row.data,
        requester_id=request.requester_id,
        owner_id=row.owner_id,
        excluded=exclusions(request),
    )


def exclusions(request: Request) -> dict[UUID, str]:
    """Return who may not decide a request, and why in words."""
    return {
        user_id: REQUESTED if user_id == request.requester_id else EDITED
        for user_id in request.excluded_ids
    }
