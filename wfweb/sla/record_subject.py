"""Records as subjects of clocks: their fields, the work on them, and who asked for it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.conditions import FieldTypes
from wfweb.identity import queries as people
from wfweb.kernel.db import session
from wfweb.records import service as records
from wfweb.records.api_conditions import record_context
from wfweb.records.models import Record
from wfweb.records.types import fields_for_conditions, find_type
from wfweb.sla.subjects import Lazy, Subject
from wfweb.workflow.models import WorkflowInstance


def find(ids: Collection[UUID]) -> dict[UUID, Subject]:
    """Return records as they stand."""
    query = select(Record).where(Record.id.in_(list(ids)))
    found = session().scalars(query.execution_options(populate_existing=True)).all()
    runs = instances_of([record.id for record in found])
    return {record.id: _subject(record, runs.get(record.id, {})) for record in found}


def _subject(record: Record, instance: dict[str, Any]) -> Subject:
    return Subject(
        type="record",
        id=record.id,
        title=record.label,
        url=f"/records/{record.type_code}/{record.key}",
        record_id=record.id,
        record_type=record.type_code,
        created_at=record.created_at,
        owner_id=record.owner_id,
        facts=Lazy(
            record=lambda: record_facts(record),
            requester=lambda: person_facts(record.created_by_id),
            instance=lambda: instance,
        ),
    )


def fields(record_type: str | None) -> FieldTypes:
    """Return what conditions may read of records of a type, or of every record."""
    found = find_type(record_type) if record_type else None
    return FieldTypes(fields_for_conditions(found) if found else common_fields())


def common_fields() -> dict[str, Any]:
    """Return what conditions may read of a record whatever its type is."""
    from wfweb.records.models import RecordType

    return dict(fields_for_conditions(RecordType(fields=[])))


def record_facts(record: Record) -> dict[str, Any]:
    """Return what conditions may read of a record."""
    return {**record_context(record), "archived": record.archived_at is not None}


def person_facts(user_id: UUID | None) -> dict[str, Any]:
    """Return what conditions may read of a person; nothing of the system."""
    person = people.people_by_ids([user_id]).get(user_id) if user_id else None
    if person is None:
        return {}
    return {
        "id": str(person.id),
        "name": person.name,
        "email": person.email,
        "title": person.title,
        "time_zone": person.time_zone,
        "manager": str(person.manager_id) if person.manager_id else None,
        "roles": [role.code for role in people.roles_of([person.id])[person.id]],
    }


def instances_of(record_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the newest run of a workflow on each record, in one query."""
    query = (
        select(
            WorkflowInstance.record_id,
            WorkflowInstance.id,
            WorkflowInstance.state,
            WorkflowInstance.status,
            WorkflowInstance.started_at,
            WorkflowInstance.due_at,
            WorkflowInstance.retry_count,
        )
        .where(WorkflowInstance.record_id.in_(list(record_ids)))
        .order_by(WorkflowInstance.id)
    )
    return {
        row.record_id: {
            "id": str(row.id),
            "state": row.state,
            "status": row.status,
            "started_at": row.started_at,
            "due_at": row.due_at,
            "retry_count": row.retry_count,
        }
        for row in session().execute(query)
    }


def reassign(record_id: UUID, user_id: UUID) -> None:
    """Give a record to a person, who is active.

    :raises ValidationFailed: when the person is not active.
    """
    record, _record_type = records.locked(record_id)
    records.set_owner(record_id, user_id, version=record.version)
