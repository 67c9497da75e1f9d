"""Definitions that start by a schedule: for themselves, or for every record of their type.

A turn is claimed once and worked through in batches (:mod:`wfweb.events.batches`).
"""

from uuid import UUID

from sqlalchemy import select

from wfweb.events import batches, emit
from wfweb.events.timers import Due
from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.journal import savepoint
from wfweb.kernel.tenancy import Company
from wfweb.records.models import Record
from wfweb.workflow import definitions, facts, service
from wfweb.workflow.errors import AlreadyRunning
from wfweb.workflow.events import ScheduledStartRefused
from wfweb.workflow.loading import definition_of
from wfweb.workflow.models import WorkflowDefinition
from wfweb.workflow.schemas import DefinitionBody

STARTS = "workflow.scheduled_starts"
BATCH = 500


def claim_due() -> int:
    """Take the turns that are due, in every company, and plan the next; return how many."""
    with transaction(system=True):
        companies = list(session().scalars(select(Company.id)))
    claimed = 0
    for company_id in companies:
        with transaction(company_id=company_id):
            due = (
                select(WorkflowDefinition)
                .where(
                    WorkflowDefinition.next_start_at <= clock.now(),
                    WorkflowDefinition.live_version_id.is_not(None),
                )
                .order_by(WorkflowDefinition.id)
                .with_for_update(skip_locked=True)
            )
            for row in session().scalars(due).all():
                claimed += _claim(row)
    return claimed


def _claim(row: WorkflowDefinition) -> bool:
    body = _body_of(row)
    turn = row.next_start_at
    if body is None or turn is None:
        return False
    # Missed moments are not caught up one by one: the next one counts from now.
    row.next_start_at = definitions.next_start(body, clock.now())
    batches.arm(STARTS, "workflow_definition", row.id, turn.isoformat(), None)
    return True


def _body_of(row: WorkflowDefinition | None) -> DefinitionBody | None:
    """Return the live body of a definition; None when it starts nothing any more."""
    if row is None or row.live_version_id is None:
        return None
    return definition_of(row.live_version_id).body


def start_batch(due: Due) -> None:
    """Start a definition for the next records of its type, or once when it has no type."""
    row = session().get(WorkflowDefinition, due.subject_id)
    body = _body_of(row)
    if row is None or body is None or body.schedule is None:
        return
    if body.record_type is None:
        _start(row, None)
        return
    turn, after = batches.place(due)
    batch = _records_after(body.record_type, after)
    if len(batch) == BATCH:
        batches.arm(STARTS, "workflow_definition", row.id, turn, batch[-1].id)
    condition = body.trigger_condition
    wanted = [
        record for record in batch if condition is None or facts.trigger_holds(condition, record)
    ]
    for record_id, key in [(record.id, record.key) for record in wanted]:
        _start(row, record_id, key)


def _records_after(record_type: str, last: UUID | None) -> list[Record]:
    query = select(Record).where(Record.type_code == record_type, Record.archived_at.is_(None))
    if last is not None:
        query = query.where(Record.id > last)
    return list(session().scalars(query.order_by(Record.id).limit(BATCH)))


def _start(row: WorkflowDefinition, record_id: UUID | None, key: str = "") -> None:
    """Start one instance whole; when it is refused, nothing remains but what is told of it."""
    try:
        with savepoint():
            service.start(row.code, record_id)
    except AlreadyRunning:
        pass  # the turn before is not finished: there is nothing to start
    except Refusal as refusal:
        emit(
            ScheduledStartRefused(
                target_type="record" if record_id else "workflow_definition",
                target_id=record_id or row.id,
                target_label=key or row.name,
                details={"workflow": row.name, "refusal": refusal.detail or refusal.title},
                risk="MEDIUM",
            )
        )
