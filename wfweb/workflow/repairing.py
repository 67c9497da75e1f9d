"""What an operator does to an instance: end it before its end, or try again what failed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.events import emit
from wfweb.identity import policy
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.journal import journal
from wfweb.workflow import engine, writing
from wfweb.workflow.errors import StepNotPossible
from wfweb.workflow.events import InstanceCancelled, InstanceRetried
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.models import WorkflowInstance
from wfweb.workflow.stepping import MAX_COMMENT, refuse_inactive

RETRY = "operations.retry"


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
        refuse_inactive(loaded)
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
