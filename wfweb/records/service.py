"""Verbs of records: create, update, set fields from the engine, archive, restore.

Each is called by page, API, pack, replay and workflow action alike; none commits.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from wfweb.events import emit
from wfweb.identity.queries import active_people
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id, next_key
from wfweb.kernel.journal import journal
from wfweb.kernel.ports import ports
from wfweb.records import policy
from wfweb.records.check import check_record
from wfweb.records.conflicts import conflict
from wfweb.records.difference import changed_fields
from wfweb.records.events import RecordArchived, RecordChanged, RecordCreated, RecordRestored
from wfweb.records.lookups import check_mentions, titles_for
from wfweb.records.models import Attachment, Record, RecordType, RecordVersion
from wfweb.records.shape import Shape
from wfweb.records.titles import names_in, plain_text, render_title
from wfweb.records.types import get_type, shape_of

refuse_as(
    "uq_records_company_id_origin_key",
    lambda: Conflict("It was sent twice at the same moment; one record was made"),
)
refuse_as(
    "uq_records_company_id_key",
    lambda: ValidationFailed.at("/key", "There is a record with this key", "taken"),
)

MAX_SEARCH_TEXT: Final = 2000
_VERSIONS: Any = RecordVersion.__table__


def create_record(
    type_code: str,
    data: object,
    *,
    owner_id: UUID | None = None,
    key: str | None = None,
    origin_key: str | None = None,
) -> Record:
    """Create a record of a type.

    :param data: the fields; unknown ones are refused.
    :param owner_id: whose record it is; the actor's own when left out.
    :param key: a key of its own for imports; the next number of the type when left out.
    :param origin_key: where it comes from; a second creation with it returns the first record.
    :raises ValidationFailed: naming every wrong place.
    :raises Forbidden: when the actor may not create records of the type.
    :raises NotFound: when the type does not exist.
    """
    record_type = get_type(type_code)
    policy.require(record_type, "create")
    if not record_type.active:
        raise ValidationFailed.at("", f"New {record_type.plural} are switched off", "inactive")
    if origin_key and (already := by_origin(record_type, origin_key)) is not None:
        return already
    shape = shape_of(record_type)
    clean = check_record(shape, data, by_engine=current_actor().kind == "system")
    files = check_mentions(shape, clean, before={}, record_id=None)
    with session().no_autoflush:  # so that many new records are written together
        number = key or next_key(record_type.key_prefix)
    record = Record(
        id=new_id(),
        type_id=record_type.id,
        type_code=record_type.code,
        key=number,
        owner_id=owner_id or _own_id(),
        origin_key=origin_key,
        version=1,
    )
    fill(record, record_type, shape, clean)
    session().add(record)
    _bind(files, record)
    _write_version(record, sorted(clean))
    tell_created(record, record_type)
    return record


def tell_created(record: Record, record_type: RecordType) -> None:
    """Emit that a new record, already written, is there."""
    emit(
        RecordCreated(
            **about(record),
            after=record.data,
            details=_redaction(record_type),
            type_code=record.type_code,
            record_key=record.key,
            record_version=1,
        )
    )


def by_origin(record_type: RecordType, origin_key: str) -> Record | None:
    """Return the record of a type that was made from an origin, or ``None``."""
    return session().scalar(
        select(Record).where(
            Record.company_id == current_actor().company_id,
            Record.type_id == record_type.id,
            Record.origin_key == origin_key,
        )
    )


def update_record(record_id: UUID, data_patch: object, *, version: int) -> Record:
    """Change fields of a record that the actor saw in a version.

    :param data_patch: only the changed fields; ``None`` clears one.
    :param version: the version the change was made on (REC-2).
    :raises RecordConflict: 409 with both versions and the difference field by field.
    :raises ValidationFailed: naming every wrong place.
    :raises Locked: when a governance lock blocks ``edit``.
    :raises Refusal: whatever the edit guard answers while an approval is pending (REC-4).
    """
    ports.before_edit(record_id)
    record, record_type = locked(record_id)
    policy.require_view(record, record_type)
    policy.require(record_type, "edit")
    shape = shape_of(record_type)
    if record.version != version:
        raise conflict(record, shape, data_patch, your_version=version)
    _refuse_archived(record)
    ports.action_guard(record.id, "edit")
    return change(record, record_type, data_patch)


def change(
    record: Record, record_type: RecordType, data_patch: object, *, by_engine: bool = False
) -> Record:
    """Change fields of a record that is loaded and locked; the part after all permissions.

    :param by_engine: the change is made by a workflow: read-only fields may be set, and
        no approval is asked, because the engine's own rules allowed the step.
    :raises ValidationFailed: naming every wrong place.
    """
    shape = shape_of(record_type)
    before = dict(record.data)
    clean = check_record(shape, data_patch, before=before, by_engine=by_engine)
    changed = changed_fields(before, clean)
    if not changed:
        return record
    files = check_mentions(shape, clean, before=before, record_id=record.id)
    if not by_engine:
        ports.edit_guard(record, changed)
    record.version += 1
    record.updated_at = clock.now()
    fill(record, record_type, shape, clean)
    _bind(files, record)
    _write_version(record, changed)
    emit(
        RecordChanged(
            **about(record),
            before={code: before.get(code) for code in changed},
            after={code: clean.get(code) for code in changed},
            details=_redaction(record_type),
            type_code=record.type_code,
            record_key=record.key,
            record_version=record.version,
            changed_fields=changed,
            material_changed=is_material(record_type, changed),
            by_engine=by_engine,
        )
    )
    return record


def set_fields(record_id: UUID, data_patch: Mapping[str, Any]) -> Record:
    """Change fields as a workflow action does: no version, no guard, read-only fields too.

    :raises ValidationFailed: naming every wrong place.
    """
    record, record_type = locked(record_id)
    return change(record, record_type, data_patch, by_engine=True)


def archive_record(record_id: UUID, *, version: int) -> Record:
    """Take a record out of the lists; page, story and references stay.

    :raises RecordConflict: when it has another version by now.
    :raises Locked: when a governance lock blocks ``archive``.
    """
    record = _to_change(record_id, version)
    if record.archived_at is None:
        ports.action_guard(record.id, "archive")
        ports.edit_guard(record, [])
        record.archived_at = clock.now()
        emit(RecordArchived(**about(record), **_event(record)))
    return record


def restore_record(record_id: UUID, *, version: int) -> Record:
    """Bring an archived record back into the lists.

    :raises RecordConflict: when it has another version by now.
    """
    record = _to_change(record_id, version)
    if record.archived_at is not None:
        record.archived_at = None
        emit(RecordRestored(**about(record), **_event(record)))
    return record


def set_owner(record_id: UUID, owner_id: UUID, *, version: int) -> Record:
    """Give a record to another person.

    :raises RecordConflict: when it has another version by now.
    :raises ValidationFailed: when the person is not active.
    """
    record = _to_change(record_id, version)
    ports.action_guard(record.id, "edit")
    if not active_people([owner_id]):
        raise ValidationFailed.at("/owner", "Choose an active person", "person")
    if record.owner_id != owner_id:
        before, record.owner_id = record.owner_id, owner_id
        emit(
            RecordChanged(
                **about(record),
                **_event(record),
                before={"owner": before},
                after={"owner": owner_id},
                changed_fields=["owner"],
                material_changed=False,
            )
        )
    return record


def locked(record_id: UUID) -> tuple[Record, RecordType]:
    """Return a record locked until the act ends, with its type.

    :raises NotFound: when the company has no such record.
    """
    record = session().scalar(
        select(Record)
        .where(Record.company_id == current_actor().company_id, Record.id == record_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if record is None:
        raise NotFound
    record_type = session().get(RecordType, record.type_id)
    if record_type is None:
        raise NotFound
    return record, record_type


def is_material(record_type: RecordType, changed: list[str]) -> bool:
    """Tell whether one of the changed fields is what approvals are about."""
    material = {path.partition(".")[0] for path in record_type.material_fields}
    return bool(material & set(changed))


def about(record: Record) -> dict[str, Any]:
    """Return the target members of an event about a record."""
    return {"target_type": "record", "target_id": record.id, "target_label": record.label}


def _event(record: Record) -> dict[str, Any]:
    return {
        "type_code": record.type_code,
        "record_key": record.key,
        "record_version": record.version,
    }


def _to_change(record_id: UUID, version: int) -> Record:
    ports.before_edit(record_id)
    record, record_type = locked(record_id)
    policy.require_view(record, record_type)
    policy.require(record_type, "edit")
    if record.version != version:
        raise conflict(record, shape_of(record_type), {}, your_version=version)
    return record


def _refuse_archived(record: Record) -> None:
    if record.archived_at is not None:
        raise ValidationFailed.at("", f"{record.key} is archived; restore it first", "archived")


def _own_id() -> UUID | None:
    actor = current_actor()
    return actor.id if actor.kind in {"user", "service"} else None


def fill(record: Record, record_type: RecordType, shape: Shape, data: dict[str, Any]) -> None:
    """Write data and everything that follows from it."""
    record.data = data
    shown = {c: data[c] for c in names_in(shape.title_template) if c in data}
    searched = {c: data[c] for c in record_type.searchable if c in data}
    labels = titles_for(shape, shown)
    title = render_title(shape.title_template, shape.by_code, data, labels)
    record.title = title or record.key
    money = data.get(record_type.amount_field or "")
    record.amount = Decimal(money["amount"]) if money else None
    record.currency = money["currency"] if money else None
    words = [record.key, record.title]
    words += [plain_text(shape.by_code.get(c), v, {}) for c, v in searched.items()]
    record.search_text = " ".join(words).lower()[:MAX_SEARCH_TEXT]


def _bind(files: Mapping[UUID, Attachment], record: Record) -> None:
    for attachment in files.values():
        if attachment.subject_id is None:
            attachment.subject_type, attachment.subject_id = "record", record.id


def _write_version(record: Record, changed: list[str]) -> None:
    journal().insert(
        _VERSIONS,
        {
            "company_id": current_actor().company_id,
            "record_id": record.id,
            "version": record.version,
            "title": record.title,
            "data": record.data,
            "changed_fields": changed,
        },
    )


def _redaction(record_type: RecordType) -> dict[str, Any] | None:
    if not record_type.pii_fields:
        return None
    return {"pii_fields": [path.rpartition(".")[2] for path in record_type.pii_fields]}
