"""Tasks as deadlines see them: plain values, so that neither feature knows the other."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.kernel.db import session
from wfweb.records.models import Record
from wfweb.tasks.models import Task

TASK_FIELDS = {"instance.priority": "text", "instance.role": "text", "instance.title": "text"}


def task_facts(ids: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Return tasks as they stand, in one query."""
    query = (
        select(Task, Record.type_code)
        .outerjoin(Record, Record.id == Task.record_id)
        .where(Task.id.in_(list(ids)))
    )
    for found, record_type in session().execute(query.execution_options(populate_existing=True)):
        yield {
            "id": found.id,
            "title": f"{found.key} {found.title}",
            "url": f"/tasks/{found.key}",
            "record_id": found.record_id,
            "record_type": record_type,
            "requester_id": found.created_by_id,
            "created_at": found.created_at,
            "owner_id": found.assignee_id,
            "team": found.role_code,
            "instance": {
                "id": str(found.id),
                "state": found.status,
                "status": found.status,
                "started_at": found.created_at,
                "due_at": found.due_at,
                "title": found.title,
                "priority": found.priority,
                "role": found.role_code,
            },
        }
