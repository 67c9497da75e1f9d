"""One step of an instance, on loaded rows: the same code for one, a thousand and a replay.

Nothing here reads unless a condition or an action looks at something; everything is
written through the journal, so a step costs one locked read and one pipelined write.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from wfweb.events import emit, timers
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor, acting_as, current_actor, system_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import Refusal
from wfweb.kernel.journal import journal
from wfweb.records.models import Record
from wfweb.workflow import actions, facts, rules
from wfweb.workflow.errors import ActionFailed, StepTooLong
from wfweb.workflow.events import InstanceCompleted, InstanceFailed, InstanceMoved, StateEntered
from wfweb.workflow.loading import Loaded
from wfweb.workflow.models import HistoryEntry, WorkflowInstance
from wfweb.workflow.schemas import ActionCall, State, Transition

INSTANCES: Any = WorkflowInstance.__table__
HISTORY: Any = HistoryEntry.__table__
RECORDS: Any = Record.__table__

STATE_TIMEOUT = "workflow.state_timeout"
INSTANCE_TIMEOUT = "workflow.instance_timeout"
WAIT = "workflow.wait"
STEP_SECONDS = 30.0

_KINDS = {
    "user_action": "transition",
    "condition": "system",
    "timeout": "timeout",
    "approval": "approval",
    "rejection": "rejection",
}


@dataclass(frozen=True, slots=True)
class Step:
    """How and why a state changes: the kind of history row, the way out, what was said."""

    kind: str
    way: Transition | None = None
    comment: str | None = None
    attachments: Sequence[str] | None = None


class Budget:
    """How long a step and what follows of itself may take (ENG-12)."""

    def __init__(self) -> None:
        self._until = time.monotonic() + STEP_SECONDS
        self.followed = 0

    def check(self) -> None:
        """Go on only while there is time.

        :raises StepTooLong: after 30 seconds; the whole act is rolled back.
        """
        if time.monotonic() > self._until:
            message = f"It was still running after {STEP_SECONDS:.0f} seconds."
            raise StepTooLong(message)


def step(
    loaded: Loaded,
    way: Transition,
    *,
    comment: str | None = None,
    kind: str | None = None,
    attachments: Sequence[str] | None = None,
) -> None:
    """Take one way out, then the steps that open by themselves.

    The caller has locked the row and asked the rules; ``loaded`` is changed in place.

    :raises ActionFailed: when an action fails that does not lead to the error state.
    :raises StepTooLong: after 30 seconds.
    """
    budget = Budget()
    taken = Step(kind or _KINDS[way.trigger], way, comment, attachments)
    with _running(loaded):
        _take(loaded, way, taken, budget)
        follow(loaded, budget)


@contextmanager
def _running(loaded: Loaded) -> Iterator[None]:
    """Let what the step causes find the instance as the step holds it."""
    steps: dict[UUID, Loaded] = session().info.setdefault("running_steps", {})
    steps[loaded.id] = loaded
    try:
        yield
    finally:
        steps.pop(loaded.id, None)


def running(instance_id: UUID) -> Loaded | None:
    """Return an instance whose step is under way in this act: its row is not written yet."""
    found: Loaded | None = session().info.get("running_steps", {}).get(instance_id)
    return found


def follow(loaded: Loaded, budget: Budget | None = None) -> None:
    """Take the steps that actions asked for and that conditions open, at most 25 of them."""
    budget = budget or Budget()
    while loaded.status == "active":
        answer = loaded.answers.pop(0) if loaded.answers else None
        way = _answered(loaded, answer) if answer else _next(loaded)
        if way is None:
            return
        budget.check()
        budget.followed += 1
        if budget.followed > rules.MAX_AUTOMATIC_STEPS:
            fail(loaded, f"goes round in circles at “{rules.label_of(way)}”", way)
            return
        taken = Step(answer[0], way, answer[2]) if answer else Step("system", way)
        # A rule that approves is the system's decision, not that of the person who asked.
        with acting_as(_system()) if answer else nullcontext():
            _take(loaded, way, taken, budget)


def _system() -> Actor:
    actor = current_actor()
    return system_actor(actor.company_id, on_behalf_of=actor.id, channel=actor.channel)


def _answered(loaded: Loaded, answer: tuple[str, str | None, str | None]) -> Transition | None:
    """Return the way out of an approval that a rule settled while it was being asked."""
    outcome, event, comment = answer
    look = facts.judge(facts.Facts(loaded, comment=comment))
    return rules.after_approval(loaded.definition, loaded.state, outcome, look, event)


def _next(loaded: Loaded) -> Transition | None:
    definition = loaded.definition
    while loaded.queued:
        for way in definition.called(loaded.state, loaded.queued.pop(0)):
            if way.condition is None or facts.judge(facts.Facts(loaded))(way.condition)[0]:
                return way
    if not definition.out(loaded.state, "condition"):
        return None
    return rules.automatic(definition, loaded.state, facts.judge(facts.Facts(loaded)))


def _take(loaded: Loaded, way: Transition, taken: Step, budget: Budget) -> None:
    before, after = loaded.definition.states[loaded.state], loaded.definition.states[way.to]
    leaving, entering = [*before.on_exit, *way.actions], after.on_enter
    if not leaving and not entering:
        move(loaded, after, taken)
        return
    seen = facts.Facts(loaded, way, taken.comment)
    scene = actions.ActionContext(loaded, seen, way, taken.comment)
    guarded = any(call.on_error == "error_state" for call in (*leaving, *entering))
    was = (loaded.state, loaded.status, loaded.steps, loaded.version, loaded.entered_at)
    try:
        with _Savepoint(needed=guarded):
            _run(scene, leaving, budget)
            move(loaded, after, taken)
            _run(scene, entering, budget)
    except ActionFailed as failure:
        if failure.call.on_error != "error_state":
            raise
        loaded.state, loaded.status, loaded.steps, loaded.version, loaded.entered_at = was
        loaded.queued.clear()
        fail(loaded, failure.detail, way)


def enter_start(loaded: Loaded) -> None:
    """Run what the start state does on entering, then the steps that open by themselves.

    :raises ActionFailed: when an action fails that does not lead to the error state.
    """
    place, budget = loaded.definition.states[loaded.state], Budget()
    if place.on_enter:
        scene = actions.ActionContext(loaded, facts.Facts(loaded), None, None)
        guarded = any(call.on_error == "error_state" for call in place.on_enter)
        try:
            with _Savepoint(needed=guarded):
                _run(scene, place.on_enter, budget)
        except ActionFailed as failure:
            if failure.call.on_error != "error_state":
                raise
            fail(loaded, failure.detail, None)
            return
    with _running(loaded):
        emit(entered(loaded, place))
        follow(loaded, budget)


class _Savepoint:
    """Takes back what a failed step has written, so that it is never half done."""

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed
        self._nested: Any = None

    def __enter__(self) -> None:
        if self._needed:
            journal().flush()
            self._nested = session().begin_nested()

    def __exit__(self, kind: object, _error: object, _trace: object) -> None:
        if self._nested is None:
            return
        if kind is None:
            journal().flush()
            self._nested.commit()
        else:
            journal().discard()
            self._nested.rollback()


def _run(scene: actions.ActionContext, calls: Sequence[ActionCall], budget: Budget) -> None:
    for call in calls:
        budget.check()
        if call.when is not None and not facts.judge(scene.facts)(call.when)[0]:
            continue
        try:
            actions.find(call).run(scene, call.parameters)
        except (Refusal, LookupError, ValueError, SQLAlchemyError) as error:
            raise ActionFailed(call, error) from error


def move(loaded: Loaded, after: State, taken: Step) -> None:
    """Write one change of state: instance, history, record, events, timers."""
    before = loaded.definition.states[loaded.state]
    now = clock.now()
    seconds = max(0, int((now - loaded.entered_at).total_seconds()))
    if before.timeout_hours is not None:
        timers.cancel(loaded.id, kind=STATE_TIMEOUT)
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
