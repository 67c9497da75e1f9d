"""Verbs of record types: create, change, install; and the compiled shape of each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from wfweb.conditions.schema import FieldType, from_fields
from wfweb.events import emit
from wfweb.identity.policy import require as require_permission
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.records.definition import EDITABLE, Definition, read_definition
from wfweb.records.events import RecordTypeCreated, RecordTypeSaved
from wfweb.records.fields import storable
from wfweb.records.models import RecordType
from wfweb.records.shape import Shape, compile_shape

EDIT: Final = "types.edit"
MAX_SHAPES: Final = 500
_shapes: dict[tuple[UUID, int, datetime], Shape] = {}

refuse_as(
    "uq_record_types_company_id_code",
    lambda: ValidationFailed.at("/code", "There is a record type with this code", "taken"),
)
refuse_as(
    "uq_record_types_company_id_key_prefix",
    lambda: ValidationFailed.at("/key_prefix", "Another record type has this prefix", "taken"),
)


def get_type(code: str) -> RecordType:
    """Return a record type of the current company.

    :raises NotFound: when there is none of this code.
    """
    found = find_type(code)
    if found is None:
        raise NotFound(f"There is no record type {code[:60]!r}")
    return found


def find_type(code: str) -> RecordType | None:
    """Return a record type of the current company, or ``None``."""
    # Kept by the session, so that an act that makes many records reads the type once.
    kept: dict[tuple[UUID | None, str], RecordType]
    kept = session().info.setdefault("record_types", {})
    key = (current_actor().company_id, code)
    if key in kept and kept[key] in session():
        return kept[key]
    if not storable(code):
        return None
    found = session().scalar(
        select(RecordType).where(RecordType.company_id == key[0], RecordType.code == code)
    )
    if found is not None:
        kept[key] = found
    return found


def shape_of(record_type: RecordType) -> Shape:
    """Return the compiled shape of a type; compiled once per version in a process."""
    # The moment is part of the key because a version that was rolled back comes again.
    key = (record_type.id, record_type.version, record_type.updated_at)
    found = _shapes.get(key)
    if found is None:
        if len(_shapes) >= MAX_SHAPES:
            _shapes.clear()
        found = _shapes[key] = compile_shape(
            record_type.name, record_type.fields, record_type.totals, record_type.title_template
        )
    return found


def fields_for_conditions(record_type: RecordType) -> dict[str, FieldType]:
    """Return what conditions may read of a record of a type: its fields and its own facts."""
    return {
        "key": FieldType("text", "Key"),
        "title": FieldType("text", "Title"),
        "state": FieldType("text", "State"),
        "version": FieldType("integer", "Version"),
        "owner": FieldType("person", "Owner"),
        "created_at": FieldType("datetime", "Created"),
        "updated_at": FieldType("datetime", "Changed"),
        **from_fields(record_type.fields),
    }


def create_type(definition: Mapping[str, Any]) -> RecordType:
    """Create a record type from its definition.

    :raises ValidationFailed: naming every wrong place, and when code or prefix is taken.
    :raises Forbidden: without ``types.edit``.
    """
    require_permission(EDIT)
    wanted = read_definition(definition)
    if find_type(wanted.code) is not None:
        raise ValidationFailed.at("/code", "There is a record type with this code", "taken")
    record_type = RecordType(code=wanted.code, key_prefix=wanted.key_prefix)
    _fill(record_type, wanted)
    session().add(record_type)
    session().flush()
    emit(
        RecordTypeCreated(
            target_type="record_type",
            target_id=record_type.id,
            target_label=record_type.name,
            after=wanted.as_dict(),
            code=record_type.code,
            type_version=record_type.version,
        )
    )
    return record_type


def update_type(code: str, definition: Mapping[str, Any], *, version: int) -> RecordType:
    """Replace the definition of a record type; code and key prefix stay as they are.

    :raises Conflict: when it has another version by now.
    :raises ValidationFailed: naming every wrong place.
    :raises Forbidden: without ``types.edit``.
    """
    require_permission(EDIT)
    record_type = _locked(code)
    if record_type.version != version:
        raise Conflict(
            "The record type has changed since you opened it. Reload it and change it again.",
            current_version=record_type.version,
            your_version=version,
        )
    fixed = {"code": record_type.code, "key_prefix": record_type.key_prefix}
    wanted = read_definition({**fixed, **definition})
    for name, value in fixed.items():
        if getattr(wanted, name) != value:
            raise ValidationFailed.at(f"/{name}", "This cannot change after creation", "fixed")
    _refuse_other_kinds(record_type, wanted)
    before, after = definition_of(record_type), wanted.as_dict()
    columns = wanted.as_columns()
    changed = [name for name in EDITABLE if getattr(record_type, name) != columns[name]]
    if not changed:
        return record_type
    _fill(record_type, wanted)
    record_type.version += 1
    session().flush()
    emit(
        RecordTypeSaved(
            target_type="record_type",
            target_id=record_type.id,
            target_label=record_type.name,
            before={name: before.get(name) for name in changed},
            after={name: after.get(name) for name in changed},
            code=record_type.code,
            type_version=record_type.version,
        )
    )
    return record_type


def install_type(definition: Mapping[str, Any]) -> RecordType:
    """Create a record type or bring an existing one to this definition; for packs.

    :raises ValidationFailed: naming every wrong place.
    """
    found = find_type(str(definition.get("code", "")))
    if found is None:
        return create_type(definition)
    return update_type(found.code, definition, version=found.version)


def definition_of(record_type: RecordType) -> dict[str, Any]:
    """Return the definition of a type as it can be read again."""
    return {
        name: getattr(record_type, name)
        for name in ("code", "key_prefix", *EDITABLE)
        if getattr(record_type, name) not in (None, [], {}, "")
    }


def _locked(code: str) -> RecordType:
    found = session().scalar(
        select(RecordType)
        .where(RecordType.company_id == current_actor().company_id, RecordType.code == code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def _fill(record_type: RecordType, wanted: Definition) -> None:
    values = wanted.as_columns()
    for name, value in values.items():
        setattr(record_type, name, value)
    shape = compile_shape(wanted.name, values["fields"], values["totals"], wanted.title_template)
    record_type.json_schema = dict(shape.schema)


def _refuse_other_kinds(record_type: RecordType, wanted: Definition) -> None:
    """Keep the type of a field: values that exist would no longer be what the field says."""
    old = {field.code: field.type for field in shape_of(record_type).fields}
    for number, field in enumerate(wanted.fields):
        kind = old.get(field.code)
        if kind and kind != field.type and {kind, field.type} != {"text", "longtext"}:
            message = f"“{field.label}” is {kind} and cannot become {field.type}; add a new field"
            raise ValidationFailed.at(f"/fields/{number}/type", message, "fixed")
