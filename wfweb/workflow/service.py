"""Verbs of instances: start, fire, continue after an approval, cancel, retry.

Doors load by id; each verb then uses the same steps of :mod:`wfweb.workflow.engine` on
loaded rows, which bulk and replay call directly.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select

from wfweb.events import emit
from wfweb.identity import policy
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import refuse_as, session
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.kernel.ports import ports
from wfweb.records.models import Record
from wfweb.workflow import engine, facts, rules, writing
from wfweb.workflow.compiled import Definition
from wfweb.workflow.errors import AlreadyRunning, StepNotPossible, refusal_of
from wfweb.workflow.events import InstanceCancelled, InstanceRetried, InstanceStarted
from wfweb.workflow.loading import RECORD_COLUMNS, Loaded, RecordFacts, definition_of, load
from wfweb.workflow.models import WorkflowDefinition, WorkflowInstance
from wfweb.workflow.schemas import Transition

MAX_COMMENT = 4000
RETRY = "operations.retry"


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


def fire(
    instance_id: UUID,
    name: str,
    *,
    comment: str | None = None,
    attachments: Sequence[str] | None = None,
    expected_version: int | None = None,
) -> Loaded:
    """Take a step by its code or its event name, as the current actor.

    :param expected_version: the instance's version the actor saw.
    :raises NotFound: no such instance, or its definition has no such step at all.
    :raises Conflict: the instance moved on since ``expected_version``.
    :raises StepNotPossible: not in this state, ended, or the condition does not hold.
    :raises Forbidden: the step is for another role or needs a permission.
    :raises ValidationFailed: a comment is needed or too long.
    :raises Locked: a governance lock blocks the step.
    """
    loaded = load(instance_id)
    if expected_version is not None and expected_version != loaded.version:
        message = f"This is in “{loaded.state_name}” now."
        raise Conflict(message, current_version=loaded.version, your_version=expected_version)
    return fire_loaded(loaded, name, comment=comment, attachments=attachments)


def fire_loaded(
    loaded: Loaded,
    name: str,
    *,
    comment: str | None = None,
    attachments: Sequence[str] | None = None,
) -> Loaded:
    """Take a step on a loaded, locked instance; see :func:`fire` for what is refused."""
    actor = current_actor()
    if actor.kind == "anonymous":
        raise Forbidden("Sign in to take a step.", risk="LOW")
    if comment is not None and len(comment) > MAX_COMMENT:
        message = f"A comment has at most {MAX_COMMENT:,} characters"
        raise ValidationFailed.at("/comment", message, "too_long")
    _refuse_inactive(loaded)
    look = facts.judge(facts.Facts(loaded, comment=comment))
    way = rules.choose(loaded.definition, loaded.state, name, actor, judge=look, comment=comment)
    if not isinstance(way, Transition):
        raise refusal_of(way, loaded.state_name)
    if loaded.record_id is not None:
        ports.action_guard(loaded.record_id, way.code)
    engine.step(loaded, way, comment=comment, attachments=attachments)
    return loaded


def _refuse_inactive(loaded: Loaded) -> None:
    if loaded.status == "active":
        return
    words = {
        "completed": "has ended",
        "cancelled": "was cancelled",
        "error": "is stopped by an error and waits for an operator",
        "timeout": "was not finished in time and waits for an operator",
    }
    message = f"This {words[loaded.status]} in “{loaded.state_name}”; nothing follows."
    raise StepNotPossible(message, reason="ended", state=loaded.state_name, status=loaded.status)


def continue_after_approval(
    instance: Loaded | UUID,
    outcome: Literal["approval", "rejection"],
    *,
    event: str | None = None,
    comment: str | None = None,
) -> Loaded:
    """Go on after an approval state was answered; approvals call this in the same act.

    :param event: the outcome's own name (``send_back``, ``withdraw``); a way out whose event
        has that name goes before the general one.
    :raises StepNotPossible: when the instance is not active in an approval state.
    """
    under_way = engine.running(instance if isinstance(instance, UUID) else instance.id)
    if under_way is not None:
        # A rule answered while the step was still asking: it goes on once that is complete.
        under_way.answers.append((outcome, event, comment))
        return under_way
    loaded = instance if isinstance(instance, Loaded) else load(instance)
    _refuse_inactive(loaded)
    look = facts.judge(facts.Facts(loaded, comment=comment))
    way = rules.after_approval(loaded.definition, loaded.state, outcome, look, event)
    if way is None:
        message = f"“{loaded.state_name}” has no way out for this {outcome}."
        raise StepNotPossible(message, reason="not_here", state=loaded.state_name)
    engine.step(loaded, way, comment=comment, kind=outcome)
    return loaded


def available(
    loaded: Loaded, *, all_roles: bool = False
) -> list[tuple[Transition, rules.Blocked | None]]:
    """Return the visible steps of the current actor in order, with what blocks one.

    Steps for other roles are left out unless ``all_roles``; one whose condition does not
    hold yet is there, with the reason. A missing comment blocks nothing here.
    """
    if loaded.status != "active":
        return []
    actor, look = current_actor(), facts.judge(facts.Facts(loaded))
    found: list[tuple[Transition, rules.Blocked | None]] = []
    for way in loaded.definition.out(loaded.state, "user_action"):
        blocked = rules.refusal_for_actor(way, actor)
        if not way.visible or (blocked is not None and not all_roles):
            continue
        found.append((way, blocked or rules.refusal_by_condition(way, look)))
    return found


def cancel(instance_id: UUID, reason: str) -> Loaded:
    """End an instance before its end; its starter or an operator may.

    Its record has no state afterwards, unless another instance still runs for it.

    :raises ValidationFailed: without a reason.
    :raises StepNotPossible: when it has ended already.
    :raises Forbidden: for anybody else.
    """
    loaded, actor = load(instance_id), current_actor()
    if not reason.strip() or len(reason) > MAX_COMMENT:
        message = f"Write why it is cancelled, in at most {MAX_COMMENT:,} characters"
        raise ValidationFailed.at("/reason", message, "required")
    if actor.id is None or actor.id != loaded.started_by_id:
        policy.require(RETRY)
    if loaded.status not in {"active", "error", "timeout"}:
        _refuse_inactive(loaded)
    before, loaded.status = loaded.status, "cancelled"
    loaded.steps += 1
    _change(loaded, status="cancelled", steps=loaded.steps, ended_at=clock.now())
    writing.write_history(loaded, loaded.state, writing.Step("system", comment=reason))
    writing.disarm(loaded)
    if loaded.record_id is not None:
        state = _state_of_another(loaded.record_id, loaded.id)
        journal().update(writing.RECORDS, loaded.record_id, {"state": state})
    emit(
        InstanceCancelled(
            **writing.about(loaded),
            before={"status": before},
            after={"status": "cancelled"},
            reason=reason,
        )
    )
    return loaded


def _state_of_another(record_id: UUID, instance_id: UUID) -> str | None:
    """Return where a record stands by the newest other instance that has not ended."""
    journal().flush()
    query = select(WorkflowInstance.state).where(
        WorkflowInstance.record_id == record_id,
        WorkflowInstance.id != instance_id,
        WorkflowInstance.status.in_(("active", "error", "timeout")),
    )
    return session().scalar(query.order_by(WorkflowInstance.entered_at.desc()).limit(1))


def retry(instance_id: UUID) -> Loaded:
    """Try again what failed: back to the state it failed in, then the same step.

    :raises Forbidden: without the permission to repair.
    :raises StepNotPossible: when nothing is stuck.
    """
    policy.require(RETRY)
    loaded = load(instance_id)
    if loaded.status not in {"error", "timeout"}:
        message = f"This is {loaded.status}, not stuck."
        raise StepNotPossible(message, reason="not_stuck", state=loaded.state_name)
    failed = loaded.failed_step or {}
    _reactivate(loaded)
    place = loaded.definition.states.get(failed.get("state") or loaded.state)
    if place is not None and place.code != loaded.state:
        writing.move(loaded, place, writing.Step("system", comment="Tried again"))
    emit(
        InstanceRetried(
            **writing.about(loaded),
            details={"retry": loaded.retry_count, "step": failed.get("transition")},
        )
    )
    way = loaded.definition.transitions.get(failed.get("transition") or "")
    if way is not None and way.from_state == loaded.state:
        engine.step(loaded, way, kind="system")
    else:
        engine.follow(loaded)
    return loaded


def _reactivate(loaded: Loaded) -> None:
    hours = loaded.definition.body.timeout_hours
    loaded.status, loaded.failed_step = "active", None
    loaded.retry_count += 1
    if loaded.due_at is not None and hours is not None and loaded.due_at <= clock.now():
        loaded.due_at = clock.now() + timedelta(hours=hours)
    _change(
        loaded,
        status="active",
        failed_step=None,
        error_message=None,
        retry_count=loaded.retry_count,
        due_at=loaded.due_at,
        ended_at=None,
    )
    writing.arm_again(loaded)


def _change(loaded: Loaded, **changes: Any) -> None:
    loaded.version += 1
    journal().update(writing.INSTANCES, loaded.id, {**changes, "version": loaded.version})
