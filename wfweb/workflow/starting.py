"""Starting an instance: by a definition's code, or on rows that are loaded already."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.events import emit
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.kernel.ports import ports
from wfweb.records.models import Record
from wfweb.workflow import engine, writing
from wfweb.workflow.compiled import Definition
from wfweb.workflow.errors import AlreadyRunning
from wfweb.workflow.events import InstanceStarted
from wfweb.workflow.loading import RECORD_COLUMNS, Loaded, RecordFacts, definition_of
from wfweb.workflow.models import WorkflowDefinition, WorkflowInstance


def _already_running() -> AlreadyRunning:
    return AlreadyRunning("An instance of this workflow is already running for this record.")


refuse_as("uq_workflow_instances_active", _already_running)


def start(
    definition_code: str,
    record_id: UUID | None = None,
    *,
    context: Mapping[str, Any] | None = None,
) -> Loaded:
    """Start the live version of a definition, usually for a record.

    :param context: plain values kept with the instance.
    :raises NotFound: when there is no live definition or no such record.
    :raises AlreadyRunning: when one runs for the record and the definition allows only one.
    :raises ValidationFailed: when the record is archived, or of another type than the definition's.
    :raises Locked: when a governance lock blocks the action of the definition's name.
    """
    row = (
        session()
        .execute(
            select(WorkflowDefinition.id, WorkflowDefinition.live_version_id).where(
                WorkflowDefinition.code == definition_code
            )
        )
        .one_or_none()
    )
    if row is None or row.live_version_id is None:
        raise NotFound(f"There is no published workflow “{definition_code}”.")
    definition = definition_of(row.live_version_id)
    record = _locked_record(definition, record_id) if record_id is not None else None
    if record is not None and record.has_locks:
        ports.action_guard(record.id, definition_code)
    if record is not None and not definition.body.allow_parallel:
        _refuse_second(row.id, record.id)
    return start_loaded(row.id, definition, record, context=context)


def _locked_record(definition: Definition, record_id: UUID) -> RecordFacts:
    """Lock the record's row, so that two starts for it come one after the other."""
    query = select(*RECORD_COLUMNS, Record.archived_at).where(Record.id == record_id)
    found = session().execute(query.with_for_update(key_share=True)).one_or_none()
    if found is None:
        raise NotFound
    *columns, archived_at = found
    row = RecordFacts(*columns)
    if archived_at is not None:
        message = f"{row.key} is archived; restore it first"
        raise ValidationFailed.at("/record_id", message, "archived")
    wanted = definition.body.record_type
    if wanted is not None and row.type_code != wanted:
        message = f"“{definition.body.name}” is for {wanted}, not for {row.type_code}"
        raise ValidationFailed.at("/record_id", message, "record_type")
    return row


def _refuse_second(definition_id: UUID, record_id: UUID) -> None:
    journal().flush()
    running = (
        session()
        .execute(
            select(WorkflowInstance.id)
            .where(
                WorkflowInstance.record_id == record_id,
                WorkflowInstance.definition_id == definition_id,
                WorkflowInstance.status.in_(("active", "error")),
            )
            .limit(1)
        )
        .scalar()
    )
    if running is not None:
        raise _already_running()


def start_loaded(
    definition_id: UUID,
    definition: Definition,
    record: RecordFacts | None = None,
    *,
    context: Mapping[str, Any] | None = None,
) -> Loaded:
    """Start an instance on loaded rows; nothing is read. See :func:`start`."""
    now, actor = clock.now(), current_actor()
    hours = definition.body.timeout_hours
    loaded = Loaded(
        id=new_id(),
        definition_id=definition_id,
        definition=definition,
        record_id=record.id if record else None,
        state=definition.initial,
        status="active",
        started_by_id=actor.on_behalf_of if actor.kind == "system" else actor.id,
        started_at=now,
        entered_at=now,
        due_at=now + timedelta(hours=hours) if hours is not None else None,
        retry_count=0,
        failed_step=None,
        context=dict(context or {}),
        steps=1,
        version=1,
        record=record,
    )
    journal().insert(writing.INSTANCES, _row(loaded))
    began = writing.Step("system" if actor.kind == "system" else "transition")
    writing.write_history(loaded, None, began)
    if record is not None:
        journal().update(writing.RECORDS, record.id, {"state": loaded.state})
    emit(InstanceStarted(**writing.about(loaded), after={"state": loaded.state}))
    writing.arm_again(loaded)
    engine.enter_start(loaded)
    return loaded


def _row(loaded: Loaded) -> dict[str, Any]:
    return {
        "id": loaded.id,
        "company_id": current_actor().company_id,
        "version": loaded.version,
        "definition_id": loaded.definition_id,
        "version_id": loaded.definition.version_id,
        "definition_code": loaded.definition.code,
        "record_id": loaded.record_id,
        "exclusive": not loaded.definition.body.allow_parallel,
        "state": loaded.state,
        "status": loaded.status,
        "started_by_id": loaded.started_by_id,
        "started_at": loaded.started_at,
        "entered_at": loaded.entered_at,
        "due_at": loaded.due_at,
        "context": loaded.context,
        "steps": loaded.steps,
    }
