"""Reads of definitions and instances for pages, API and command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from wfweb.events.models import Timer
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.records.models import Record
from wfweb.workflow.compiled import Definition
from wfweb.workflow.loading import definition_of
from wfweb.workflow.models import (
    HistoryEntry,
    WorkflowDefinition,
    WorkflowInstance,
    WorkflowVersion,
)
from wfweb.workflow.schemas import DefinitionBody

PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """A definition in the list: which version is live, whether there is a draft, what runs."""

    definition: WorkflowDefinition
    live_number: int | None
    draft_number: int | None
    running: int
    stuck: int


def definitions_listed() -> list[Listed]:
    """Return all definitions by name, in two queries however many there are."""
    live, draft = WorkflowVersion.__table__.alias("live"), WorkflowVersion.__table__.alias("draft")
    rows = (
        session()
        .execute(
            select(WorkflowDefinition, live.c.number, draft.c.number)
            .outerjoin(live, live.c.id == WorkflowDefinition.live_version_id)
            .outerjoin(
                draft,
                and_(draft.c.definition_id == WorkflowDefinition.id, draft.c.status == "draft"),
            )
            .where(WorkflowDefinition.company_id == current_actor().company_id)
            .order_by(func.lower(WorkflowDefinition.name), WorkflowDefinition.code)
        )
        .all()
    )
    counts = _counts()
    return [
        Listed(
            definition,
            live_number,
            draft_number,
            counts.get((definition.id, "active"), 0),
            counts.get((definition.id, "error"), 0) + counts.get((definition.id, "timeout"), 0),
        )
        for definition, live_number, draft_number in rows
    ]


def _counts() -> dict[tuple[UUID, str], int]:
    rows = session().execute(
        select(WorkflowInstance.definition_id, WorkflowInstance.status, func.count())
        .where(WorkflowInstance.status.in_(("active", "error", "timeout")))
        .group_by(WorkflowInstance.definition_id, WorkflowInstance.status)
    )
    return {(row[0], row[1]): row[2] for row in rows}


def versions_of(definition: WorkflowDefinition) -> Sequence[WorkflowVersion]:
    """Return the versions of a definition, newest first."""
    return (
        session()
        .scalars(
            select(WorkflowVersion)
            .where(WorkflowVersion.definition_id == definition.id)
            .order_by(WorkflowVersion.number.desc())
        )
        .all()
    )


def running_by_version(definition: WorkflowDefinition) -> dict[UUID, int]:
    """Return how many instances run on each version of a definition."""
    rows = session().execute(
        select(WorkflowInstance.version_id, func.count())
        .where(WorkflowInstance.definition_id == definition.id, WorkflowInstance.status == "active")
        .group_by(WorkflowInstance.version_id)
    )
    return {row[0]: row[1] for row in rows}


def live_body(code: str) -> DefinitionBody | None:
    """Return what the live version of a definition says, or nothing when none is live."""
    body = session().scalar(
        select(WorkflowVersion.body)
        .join(WorkflowDefinition, WorkflowDefinition.live_version_id == WorkflowVersion.id)
        .where(
            WorkflowDefinition.company_id == current_actor().company_id,
            WorkflowDefinition.code == code,
        )
    )
    return DefinitionBody.model_validate(body) if body is not None else None


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance in a list, with what it is about."""

    instance: WorkflowInstance
    definition: Definition
    record: Record | None

    @property
    def state_name(self) -> str:
        """The name of the current state."""
        return self.definition.states[self.instance.state].name

    @property
    def label(self) -> str:
        """What it is about, in words."""
        return self.record.label if self.record else self.definition.body.name


def instances_of(
    definition: WorkflowDefinition, *, before: UUID | None = None, limit: int = PAGE
) -> list[InstanceRow]:
    """Return the open and stuck instances of a definition, newest first.

    :param before: only instances older than this one (keyset page).
    """
    query = select(WorkflowInstance, Record).outerjoin(
        Record, Record.id == WorkflowInstance.record_id
    )
    query = query.where(
        WorkflowInstance.definition_id == definition.id,
        WorkflowInstance.status.in_(("active", "error", "timeout")),
    )
    if before is not None:
        query = query.where(WorkflowInstance.id < before)
    rows = session().execute(query.order_by(WorkflowInstance.id.desc()).limit(limit))
    return [InstanceRow(row[0], definition_of(row[0].version_id), row[1]) for row in rows]


def instances_for(record_id: UUID) -> list[WorkflowInstance]:
    """Return the instances of a record, running ones first, then newest first."""
    query = (
        select(WorkflowInstance)
        .where(WorkflowInstance.record_id == record_id)
        .order_by(WorkflowInstance.status != "active", WorkflowInstance.id.desc())
        .limit(PAGE)
    )
    return list(session().scalars(query))


def instance_by_id(instance_id: UUID) -> WorkflowInstance:
    """Return the row of an instance.

    :raises NotFound: when there is none in this company.
    """
    found = session().get(WorkflowInstance, instance_id)
    if found is None:
        raise NotFound
    return found


def startable(record_type: str) -> Sequence[WorkflowDefinition]:
    """Return the definitions a person can start by hand for a record of a type, by name.

    Escalations are left out: what they are about (a lock, an alert) starts them.
    """
    return (
        session()
        .scalars(
            select(WorkflowDefinition)
            .join(WorkflowVersion, WorkflowVersion.id == WorkflowDefinition.live_version_id)
            .where(
                WorkflowVersion.body["type"].astext != "escalation",
                WorkflowDefinition.company_id == current_actor().company_id,
                WorkflowDefinition.record_type == record_type,
                WorkflowDefinition.trigger == "manual",
                WorkflowDefinition.live_version_id.is_not(None),
            )
            .order_by(WorkflowDefinition.name)
        )
        .all()
    )


def history_of(instance_id: UUID) -> Sequence[HistoryEntry]:
    """Return the history of an instance, oldest first."""
    return (
        session()
        .scalars(
            select(HistoryEntry)
            .where(HistoryEntry.instance_id == instance_id)
            .order_by(HistoryEntry.seq)
        )
        .all()
    )


def stuck_instances(*, before: UUID | None = None, limit: int = PAGE) -> list[InstanceRow]:
    """Return the instances of the company that wait for an operator, newest first."""
    query = (
        select(WorkflowInstance, Record)
        .outerjoin(Record, Record.id == WorkflowInstance.record_id)
        .where(
            WorkflowInstance.company_id == current_actor().company_id,
            WorkflowInstance.status.in_(("error", "timeout")),
        )
    )
    if before is not None:
        query = query.where(WorkflowInstance.id < before)
    rows = session().execute(query.order_by(WorkflowInstance.id.desc()).limit(limit))
    return [InstanceRow(row[0], definition_of(row[0].version_id), row[1]) for row in rows]


def stuck_timers(limit: int = PAGE) -> Sequence[Timer]:
    """Return moments of instances that failed when they fell due: tried again, or given up."""
    return (
        session()
        .scalars(
            select(Timer)
            .where(
                Timer.company_id == current_actor().company_id,
                Timer.kind.like("workflow.%"),
                or_(Timer.state == "dead", and_(Timer.state == "armed", Timer.attempts > 0)),
            )
            .order_by(Timer.id.desc())
            .limit(limit)
        )
        .all()
    )
