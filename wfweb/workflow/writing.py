"""Writing what a step changes: the instance, its history, its record, events and timers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wfweb.events import emit, timers
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.journal import journal
from wfweb.records.models import Record
from wfweb.workflow import rules
from wfweb.workflow.events import InstanceCompleted, InstanceFailed, InstanceMoved, StateEntered
from wfweb.workflow.loading import Loaded
from wfweb.workflow.models import HistoryEntry, WorkflowInstance
from wfweb.workflow.schemas import State, Transition

INSTANCES: Any = WorkflowInstance.__table__
HISTORY: Any = HistoryEntry.__table__
RECORDS: Any = Record.__table__

STATE_TIMEOUT = "workflow.state_timeout"
INSTANCE_TIMEOUT = "workflow.instance_timeout"
WAIT = "workflow.wait"


@dataclass(frozen=True, slots=True)
class Step:
    """How and why a state changes: the kind of history row, the way out, what was said."""

    kind: str
    way: Transition | None = None
    comment: str | None = None
    attachments: Sequence[str] | None = None


def move(loaded: Loaded, after: State, taken: Step) -> None:
    """Write one change of state: instance, history, record, events, timers."""
    before = loaded.definition.states[loaded.state]
    now = clock.now()
    seconds = max(0, int((now - loaded.entered_at).total_seconds()))
    if before.timeout_hours is not None:
        timers.cancel(loaded.id, kind=STATE_TIMEOUT)
    if before.code in loaded.definition.waiting:
        timers.cancel(loaded.id, kind=WAIT)
    loaded.steps += 1
    loaded.version += 1
    loaded.state, loaded.entered_at = after.code, now
    changes: dict[str, Any] = {
        "state": after.code,
        "entered_at": now,
        "steps": loaded.steps,
        "version": loaded.version,
    }
    if after.type == "end":
        loaded.status = changes["status"] = "completed"
        changes["ended_at"] = now
        disarm(loaded)
    elif after.type == "error":
        loaded.status = changes["status"] = "error"
    journal().update(INSTANCES, loaded.id, changes)
    write_history(loaded, before.code, taken, seconds)
    if loaded.record_id is not None:
        journal().update(RECORDS, loaded.record_id, {"state": after.code})
    _tell(loaded, before, after, taken)
    if after.timeout_hours is not None:
        _arm_state(loaded, after)


def write_history(
    loaded: Loaded, from_state: str | None, taken: Step, seconds: int | None = None
) -> None:
    """Append one row to the history of an instance; ``steps`` has been counted up before."""
    actor = current_actor()
    journal().insert(
        HISTORY,
        {
            "company_id": actor.company_id,
            "instance_id": loaded.id,
            "seq": loaded.steps,
            "from_state": from_state,
            "to_state": loaded.state,
            "transition_code": taken.way.code if taken.way else None,
            "kind": taken.kind,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "on_behalf_of_id": actor.on_behalf_of,
            "comment": taken.comment or None,
            "attachments": list(taken.attachments) if taken.attachments else None,
            "seconds_in_state": seconds,
            "at": clock.now(),
        },
    )


def about(loaded: Loaded) -> dict[str, Any]:
    """Return the members every event of an instance has."""
    return {
        "target_type": "record" if loaded.record_id else "workflow_instance",
        "target_id": loaded.record_id or loaded.id,
        "target_label": loaded.label,
        "instance_id": loaded.id,
        "definition_code": loaded.definition.code,
        "version_id": loaded.definition.version_id,
        "record_id": loaded.record_id,
        "state": loaded.state,
        "state_name": loaded.state_name,
    }


def _tell(loaded: Loaded, before: State, after: State, taken: Step) -> None:
    common = about(loaded)
    emit(
        InstanceMoved(
            **common,
            before={"state": before.code},
            after={"state": after.code},
            details={
                "step": rules.label_of(taken.way) if taken.way else None,
                "kind": taken.kind,
                "number": loaded.steps,
                "workflow": loaded.definition.code,
            },
            from_state=before.code,
            from_state_type=before.type,
            state_type=after.type,
            transition_code=taken.way.code if taken.way else None,
            kind=taken.kind,
            record_has_locks=loaded.record is not None and loaded.record.has_locks,
        )
    )
    if after.type == "end":
        emit(InstanceCompleted(**common))
    emit(entered(loaded, after, taken.comment, common))


def entered(
    loaded: Loaded, state: State, comment: str | None = None, common: dict[str, Any] | None = None
) -> StateEntered:
    """Return the event of being in a state now."""
    approval = state.approval.model_dump(mode="json") if state.approval is not None else None
    return StateEntered(
        **(common or about(loaded)),
        state_type=state.type,
        round_key=f"{loaded.id}:{loaded.steps}",
        approval=approval,
        comment=comment,
    )


def fail(loaded: Loaded, message: str, way: Transition | None) -> None:
    """Put an instance aside for an operator, in the definition's error state if it has one."""
    states = loaded.definition.states.values()
    place = next((state for state in states if state.type == "error"), None)
    failed = {"state": loaded.state, "transition": way.code if way else None}
    if place is not None and place.code != loaded.state:
        move(loaded, place, Step("system", comment=message))
    loaded.status = "error"
    loaded.version += 1
    loaded.failed_step = failed
    changes = {
        "status": "error",
        "error_message": message[:2000],
        "failed_step": failed,
        "version": loaded.version,
    }
    journal().update(INSTANCES, loaded.id, changes)
    disarm(loaded)
    emit(InstanceFailed(**about(loaded), message=message, risk="HIGH"))


def _arm_state(loaded: Loaded, state: State) -> None:
    assert state.timeout_hours is not None  # noqa: S101 - asked by the caller
    timers.arm(
        STATE_TIMEOUT,
        "workflow_instance",
        loaded.id,
        loaded.entered_at + timedelta(hours=state.timeout_hours),
        fire_key=f"{loaded.steps}.{loaded.retry_count}",
        payload={"state": state.code, "steps": loaded.steps},
    )


def arm_again(loaded: Loaded) -> None:
    """Arm the timeouts of an instance that runs (again)."""
    state = loaded.definition.states[loaded.state]
    if loaded.due_at is not None:
        timers.arm(
            INSTANCE_TIMEOUT,
            "workflow_instance",
            loaded.id,
            loaded.due_at,
            fire_key=f"{loaded.retry_count}",
        )
    if state.timeout_hours is not None:
        _arm_state(loaded, state)


def disarm(loaded: Loaded) -> None:
    """Cancel what would still fall due; nothing is asked of the database without need."""
    if loaded.definition.timed:
        timers.cancel(loaded.id)
