"""Instances: start, look, take steps, repair."""

from uuid import UUID

from sqlalchemy import select

from wfweb.identity import policy
from wfweb.kernel.api import PREFIX, Answer, ApiBlueprint, PageQuery, endpoint, page_of
from wfweb.kernel.db import session
from wfweb.kernel.errors import Forbidden, Locked, NotFound
from wfweb.kernel.journal import journal
from wfweb.records.queries import record_by_id, record_by_key
from wfweb.workflow import rules, service
from wfweb.workflow.api import VIEW
from wfweb.workflow.api_schemas_instances import (
    HistoryPage,
    InstanceOut,
    InstancePage,
    InstanceQuery,
    ReasonIn,
    StartIn,
    StepIn,
    TransitionList,
    TransitionOut,
)
from wfweb.workflow.errors import ActionFailed, AlreadyRunning, StepNotPossible, StepTooLong
from wfweb.workflow.loading import load
from wfweb.workflow.models import HistoryEntry, WorkflowInstance
from wfweb.workflow.rules import Blocked
from wfweb.workflow.schemas import Transition

bp = ApiBlueprint(
    "instances",
    __name__,
    title="Instances",
    about="Workflows that run, most of them for a record.",
)


def _visible(instance_id: UUID) -> WorkflowInstance:
    """Return an instance whose record the actor may see; others need ``workflows.view``.

    :raises NotFound: as if it did not exist.
    """
    journal().flush()
    found = session().get(WorkflowInstance, instance_id, populate_existing=True)
    if found is None:
        raise NotFound
    if found.record_id is not None:
        record_by_id(found.record_id)
    else:
        policy.require(VIEW)
    return found


def _shown(instance_id: UUID) -> InstanceOut:
    return InstanceOut.model_validate(_visible(instance_id))


@endpoint(
    bp,
    "GET",
    "/instances",
    response=InstancePage,
    query=InstanceQuery,
    errors=[Forbidden, NotFound],
    summary="List instances",
    description="Of one record that may be seen, or of all with the permission `workflows.view`.",
)
def list_instances(query: InstanceQuery) -> InstancePage:
    """Return instances, latest first."""
    statement = select(WorkflowInstance)
    if query.record is not None:
        statement = statement.where(WorkflowInstance.record_id == record_by_id(query.record).id)
    else:
        policy.require(VIEW)
    columns = {
        WorkflowInstance.definition_code: query.workflow,
        WorkflowInstance.status: query.status,
        WorkflowInstance.state: query.state,
    }
    for column, wanted in columns.items():
        if wanted is not None:
            statement = statement.where(column == wanted)
    return page_of(InstancePage, statement, [WorkflowInstance.id], query, falling=True)


@endpoint(
    bp,
    "POST",
    "/instances",
    request=StartIn,
    response=InstanceOut,
    status=201,
    errors=[NotFound, AlreadyRunning, ActionFailed, Locked, Forbidden],
    summary="Start a workflow",
    description="Usually for a record, named by its id or key.",
)
def start_instance(body: StartIn) -> Answer:
    """Start the published version of a workflow."""
    record_id = _record_id(body.record) if body.record else None
    if record_id is None:
        policy.require("workflows.edit")
    loaded = service.start(body.workflow, record_id, context=body.context)
    return Answer(model=_shown(loaded.id), location=f"{PREFIX}/instances/{loaded.id}")


def _record_id(ref: str) -> UUID:
    try:
        return record_by_id(UUID(ref)).id
    except ValueError:
        return record_by_key(ref).id


@endpoint(
    bp, "GET", "/instances/<uuid:instance_id>", response=InstanceOut, summary="Get an instance"
)
def get_instance(instance_id: UUID) -> InstanceOut:
    """Return one instance."""
    return _shown(instance_id)


@endpoint(
    bp,
    "GET",
    "/instances/<uuid:instance_id>/history",
    response=HistoryPage,
    query=PageQuery,
    summary="Read which steps were taken",
)
def list_instance_history(instance_id: UUID, query: PageQuery) -> HistoryPage:
    """Return the steps of an instance, first to last."""
    statement = select(HistoryEntry).where(HistoryEntry.instance_id == _visible(instance_id).id)
    return page_of(HistoryPage, statement, [HistoryEntry.seq], query)


@endpoint(
    bp,
    "GET",
    "/instances/<uuid:instance_id>/transitions",
    response=TransitionList,
    summary="List the steps that can be taken now",
    description="Steps of other roles are left out; one whose condition does not hold says why.",
)
def list_instance_transitions(instance_id: UUID) -> TransitionList:
    """Return the steps of the token's owner."""
    loaded = load(_visible(instance_id).id, lock=False)
    return TransitionList(items=[_way(way, why) for way, why in service.available(loaded)])


def _way(way: Transition, why: Blocked | None) -> TransitionOut:
    return TransitionOut(
        code=way.code,
        event=way.event,
        label=rules.label_of(way),
        to=way.to,
        style=way.style,
        require_comment=way.require_comment,
        possible=why is None,
        blocked=why.sentence if why else None,
        explanation=why.explanation if why else None,
    )


@endpoint(
    bp,
    "POST",
    "/instances/<uuid:instance_id>/transitions",
    request=StepIn,
    response=InstanceOut,
    versioned="optional",
    errors=[StepNotPossible, ActionFailed, StepTooLong, Locked, Forbidden],
    summary="Take a step",
)
def take_step(instance_id: UUID, body: StepIn, version: int | None) -> InstanceOut:
    """Take a step as the token's owner."""
    service.fire(
        _visible(instance_id).id, body.transition, comment=body.comment, expected_version=version
    )
    return _shown(instance_id)


@endpoint(
    bp,
    "POST",
    "/instances/<uuid:instance_id>/cancel",
    request=ReasonIn,
    response=InstanceOut,
    errors=[StepNotPossible, Forbidden],
    summary="End an instance before its end",
    description="Its starter or an operator may.",
)
def cancel_instance(instance_id: UUID, body: ReasonIn) -> InstanceOut:
    """Cancel an instance."""
    service.cancel(_visible(instance_id).id, body.reason)
    return _shown(instance_id)


@endpoint(
    bp,
    "POST",
    "/instances/<uuid:instance_id>/retry",
    response=InstanceOut,
    scope="admin",
    permission=service.RETRY,
    errors=[StepNotPossible, ActionFailed],
    summary="Try again what failed",
)
def retry_instance(instance_id: UUID) -> InstanceOut:
    """Bring a stuck instance back to the state it failed in and repeat the step."""
    service.retry(_visible(instance_id).id)
    return _shown(instance_id)
