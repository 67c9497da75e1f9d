"""Loading what a step needs, as plain rows: the instance locked, its definition from a cache."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.journal import journal
from wfweb.records.models import Record
from wfweb.workflow.compiled import Definition, compile_definition
from wfweb.workflow.models import WorkflowInstance, WorkflowVersion
from wfweb.workflow.schemas import DefinitionBody

_CACHE_SIZE = 256
# Only versions that can never change again are kept, so nothing ever has to be forgotten.
_cache: OrderedDict[UUID, Definition] = OrderedDict()


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What a step may know of a record."""

    id: UUID
    key: str
    title: str
    type_code: str
    version: int
    owner_id: UUID | None
    data: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    has_locks: bool = False

    @property
    def label(self) -> str:
        """How the record is called in a sentence."""
        return self.key if self.title == self.key else f"{self.key} {self.title}"


@dataclass(slots=True)
class Loaded:
    """An instance as a step sees and changes it."""

    id: UUID
    definition_id: UUID
    definition: Definition
    record_id: UUID | None
    state: str
    status: str
    started_by_id: UUID | None
    started_at: datetime
    entered_at: datetime
    due_at: datetime | None
    retry_count: int
    failed_step: dict[str, Any] | None
    context: dict[str, Any]
    steps: int
    version: int
    record: RecordFacts | None = None
    queued: list[str] = field(default_factory=list)
    """Steps that actions asked for, taken when the current one is complete."""
    answers: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Outcomes of approvals that were known before the step that asked was complete."""

    @property
    def label(self) -> str:
        """What the instance is about, in words."""
        return self.record.label if self.record else self.definition.body.name

    @property
    def state_name(self) -> str:
        """The name of the current state."""
        return self.definition.states[self.state].name


def remember(definition: Definition) -> None:
    """Keep a compiled version; the longest unused one leaves."""
    _cache[definition.version_id] = definition
    if len(_cache) > _CACHE_SIZE:
        _cache.popitem(last=False)


def definition_of(version_id: UUID) -> Definition:
    """Return a version ready to run.

    :raises NotFound: when there is no such version in this company.
    """
    known = _cache.get(version_id)
    if known is not None:
        return known
    query = select(WorkflowVersion.number, WorkflowVersion.body, WorkflowVersion.status).where(
        WorkflowVersion.id == version_id
    )
    row = session().execute(query).one_or_none()
    if row is None:
        raise NotFound
    body = DefinitionBody.model_validate(row.body)
    definition = compile_definition(version_id, row.number, body)
    if row.status != "draft":
        remember(definition)
    return definition


_COLUMNS = (
    WorkflowInstance.id,
    WorkflowInstance.definition_id,
    WorkflowInstance.version_id,
    WorkflowInstance.record_id,
    WorkflowInstance.state,
    WorkflowInstance.status,
    WorkflowInstance.started_by_id,
    WorkflowInstance.started_at,
    WorkflowInstance.entered_at,
    WorkflowInstance.due_at,
    WorkflowInstance.retry_count,
    WorkflowInstance.failed_step,
    WorkflowInstance.context,
    WorkflowInstance.steps,
    WorkflowInstance.version,
    Record.key,
    Record.title,
    Record.type_code,
    Record.version.label("record_version"),
    Record.owner_id,
    Record.data,
    Record.created_at.label("record_created_at"),
    Record.updated_at.label("record_updated_at"),
    Record.has_active_alerts,
)
_SELECT = select(*_COLUMNS).outerjoin(Record, Record.id == WorkflowInstance.record_id)


def _loaded(row: Any) -> Loaded:
    record = None
    if row.record_id is not None:
        record = RecordFacts(
            row.record_id,
            row.key,
            row.title,
            row.type_code,
            row.record_version,
            row.owner_id,
            row.data,
            row.record_created_at,
            row.record_updated_at,
            row.has_active_alerts,
        )
    return Loaded(
        id=row.id,
        definition_id=row.definition_id,
        definition=definition_of(row.version_id),
        record_id=row.record_id,
        state=row.state,
        status=row.status,
        started_by_id=row.started_by_id,
        started_at=row.started_at,
        entered_at=row.entered_at,
        due_at=row.due_at,
        retry_count=row.retry_count,
        failed_step=row.failed_step,
        context=row.context,
        steps=row.steps,
        version=row.version,
        record=record,
    )


def load_many(instance_ids: Iterable[UUID], *, lock: bool = True) -> dict[UUID, Loaded]:
    """Load instances in one statement, locked in ascending order of their ids."""
    # What this act has written so far must be seen, whoever wrote it.
    journal().flush()
    query = _SELECT.where(WorkflowInstance.id.in_(list(instance_ids)))
    query = query.order_by(WorkflowInstance.id)
    if lock:
        query = query.with_for_update(of=WorkflowInstance)
    return {row.id: _loaded(row) for row in session().execute(query)}


def load(instance_id: UUID, *, lock: bool = True) -> Loaded:
    """Load one instance, locked for the rest of the transaction unless only read.

    :raises NotFound: when there is none in this company.
    """
    found = load_many([instance_id], lock=lock).get(instance_id)
    if found is None:
        raise NotFound
    return found


RECORD_COLUMNS = (
    Record.id,
    Record.key,
    Record.title,
    Record.type_code,
    Record.version,
    Record.owner_id,
    Record.data,
    Record.created_at,
    Record.updated_at,
    Record.has_active_alerts,
)


def reload_record(loaded: Loaded) -> None:
    """Read the record again after an action has changed it."""
    if loaded.record_id is not None:
        query = select(*RECORD_COLUMNS).where(Record.id == loaded.record_id)
        loaded.record = RecordFacts(*session().execute(query).one())
