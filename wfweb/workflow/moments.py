"""What happens when a moment falls due: state and instance timeouts, waits, scheduled starts.

Each handler runs in the transaction that marks its timer fired, so it happens once or not
at all; it looks at the instance under its lock, and a person who was faster wins.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from wfweb.events import emit, timers
from wfweb.events.timers import Due
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.journal import journal, savepoint
from wfweb.kernel.tenancy import Company
from wfweb.records.models import Record
from wfweb.workflow import definitions, engine, facts, rules, service, writing
from wfweb.workflow.events import InstanceOverdue, InstanceTimedOut, StateTimedOut
from wfweb.workflow.loading import Loaded, definition_of, load
from wfweb.workflow.models import WorkflowDefinition
from wfweb.workflow.schemas import DefinitionBody

log = structlog.get_logger()
SCHEDULED_BATCH = 500
TELL_AGAIN = timedelta(days=1)


def state_timed_out(due: Due) -> None:
    """A state lasted too long: take the way out by timeout, or do the timeout action."""
    loaded = load(due.subject_id)
    if loaded.status != "active" or loaded.steps != due.payload["steps"]:
        return
    look = facts.judge(facts.Facts(loaded))
    way, action = rules.after_timeout(loaded.definition, loaded.state, look)
    if way is not None:
        engine.step(loaded, way, kind="timeout")
    elif action is not None:
        _tell(loaded, action)


def _tell(loaded: Loaded, action: str) -> None:
    loaded.steps += 1
    loaded.version += 1
    changes = {"steps": loaded.steps, "version": loaded.version}
    journal().update(writing.INSTANCES, loaded.id, changes)
    kind = "escalation" if action == "escalate" else "timeout"
    writing.write_history(loaded, loaded.state, writing.Step(kind, comment="Took too long"))
    hours = loaded.definition.states[loaded.state].timeout_hours or 0
    event = StateTimedOut(**writing.about(loaded), action=action, hours=hours)
    emit(event)


def instance_timed_out(due: Due) -> None:
    """An instance was not finished in time: it stops and waits for an operator.

    In an approval state it goes on: people could not decide any more if it stopped, so it is
    only told, once a day, until they have.
    """
    loaded = load(due.subject_id)
    if loaded.status != "active" or (loaded.due_at and loaded.due_at > clock.now()):
        return
    if loaded.definition.states[loaded.state].type == "approval":
        _tell_overdue(loaded)
    else:
        _stop(loaded)


def _tell_overdue(loaded: Loaded) -> None:
    hours = loaded.definition.body.timeout_hours or 0
    emit(InstanceOverdue(**writing.about(loaded), hours=hours, risk="MEDIUM"))
    again = clock.now() + TELL_AGAIN
    timers.arm(writing.INSTANCE_TIMEOUT, "workflow_instance", loaded.id, again)


def _stop(loaded: Loaded) -> None:
    loaded.status = "timeout"
    loaded.steps += 1
    loaded.version += 1
    message = f"Not finished within {loaded.definition.body.timeout_hours:g} hours"
    changes: dict[str, Any] = {
        "status": "timeout",
        "error_message": message,
        "steps": loaded.steps,
        "version": loaded.version,
    }
    journal().update(writing.INSTANCES, loaded.id, changes)
    writing.write_history(loaded, loaded.state, writing.Step("timeout", comment=message))
    writing.disarm(loaded)
    details = {"message": message}
    hours = loaded.definition.body.timeout_hours or 0
    about = writing.about(loaded)
    emit(InstanceTimedOut(**about, hours=hours, details=details, risk="MEDIUM"))


def wait_is_over(due: Due) -> None:
    """A wait ended: take the step it was for, if the instance still waits there."""
    loaded = load(due.subject_id)
    if loaded.status != "active" or loaded.state != due.payload["state"]:
        return
    loaded.queued.append(due.payload["transition"])
    engine.follow(loaded)


def start_scheduled() -> int:
    """Start what is due by schedule, in every company; return how many instances began."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    started = 0
    for company_id in companies:
        with transaction(company_id=company_id):
            due = select(WorkflowDefinition.code).where(
                WorkflowDefinition.next_start_at <= clock.now(),
                WorkflowDefinition.live_version_id.is_not(None),
            )
            codes = list(session().scalars(due))
        for code in codes:
            started += _start_one_schedule(company_id, code)
    return started


def _start_one_schedule(company_id: UUID, code: str) -> int:
    """Start one definition for all its records, a batch in a transaction, in their order."""
    with transaction(company_id=company_id):
        body = _claim(code)
        if body is None:
            return 0
        if body.record_type is None:
            return _start(code, None)
    started, last = 0, None
    while True:
        with transaction(company_id=company_id):
            batch = _records_after(body.record_type, last)
            condition = body.trigger_condition
            last = batch[-1].id if batch else None
            for record_id in [
                record.id
                for record in batch
                if condition is None or service.trigger_holds(condition, record)
            ]:
                started += _start(code, record_id)
            if len(batch) < SCHEDULED_BATCH:
                return started


def _claim(code: str) -> DefinitionBody | None:
    """Plan the next start of a definition that is due; nothing when another process did."""
    row = session().scalar(
        select(WorkflowDefinition)
        .where(WorkflowDefinition.code == code, WorkflowDefinition.next_start_at <= clock.now())
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is None or row.live_version_id is None:
        return None
    body = definition_of(row.live_version_id).body
    # Missed moments are not caught up one by one: the next one counts from now.
    row.next_start_at = definitions.next_start(body, clock.now())
    return body


def _records_after(record_type: str, last: UUID | None) -> list[Record]:
    query = select(Record).where(Record.type_code == record_type, Record.archived_at.is_(None))
    if last is not None:
        query = query.where(Record.id > last)
    return list(session().scalars(query.order_by(Record.id).limit(SCHEDULED_BATCH)))


def _start(code: str, record_id: UUID | None) -> int:
    """Start one instance whole; when its first actions fail, nothing of it remains."""
    try:
        with savepoint():
            service.start(code, record_id)
    except Refusal as refusal:
        log.info("scheduled_start_refused", workflow=code, reason=refusal.detail)
        return 0
    return 1
