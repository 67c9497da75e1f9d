"""Starts that records cause: when one is made, changed, or fulfils a condition (ENG-1)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from wfweb.kernel.db import remembered, session
from wfweb.records.events import RecordChanged, RecordCreated, RecordEvent
from wfweb.records.models import Record
from wfweb.workflow import facts, service
from wfweb.workflow.errors import AlreadyRunning
from wfweb.workflow.loading import definition_of
from wfweb.workflow.models import WorkflowDefinition

log = structlog.get_logger()


def on_record_created(event: RecordCreated) -> None:
    """Start the definitions that begin with a new record."""
    _start(event, ("on_create", "on_condition"), None)


def on_record_changed(event: RecordChanged) -> None:
    """Start the definitions that begin with a change; one that runs already is left alone.

    Changes by the engine itself start nothing, or two workflows would wake each other for
    ever.
    """
    if not event.by_engine:
        _start(event, ("on_write", "on_condition"), event.before)


def _start(event: RecordEvent, triggers: tuple[str, ...], before: Mapping[str, Any] | None) -> None:
    # Remembered, because many records can be made in one act.
    found = remembered(
        f"started by {triggers} of {event.type_code}", lambda: _waiting(event.type_code, triggers)
    )
    for code, version_id in found:
        if version_id is not None:
            _start_if(code, version_id, event.target_id, before)


def _waiting(type_code: str, triggers: tuple[str, ...]) -> Sequence[tuple[str, UUID | None]]:
    query = (
        select(WorkflowDefinition.code, WorkflowDefinition.live_version_id)
        .where(
            WorkflowDefinition.record_type == type_code,
            WorkflowDefinition.trigger.in_(triggers),
            WorkflowDefinition.live_version_id.is_not(None),
        )
        .order_by(WorkflowDefinition.code)
    )
    return [(code, version_id) for code, version_id in session().execute(query)]


def _start_if(
    code: str, version_id: UUID, record_id: UUID, before: Mapping[str, Any] | None
) -> None:
    condition = definition_of(version_id).body.trigger_condition
    record = session().get_one(Record, record_id)
    if condition is not None and not facts.trigger_holds(condition, record, before):
        return
    try:
        service.start(code, record_id)
    except AlreadyRunning:
        log.debug("start_skipped", workflow=code, record_id=str(record_id))
