"""One step of an instance, on loaded rows: the same code for one, a thousand and a replay.

Nothing here reads unless a condition or an action looks at something; everything is
written through the journal, so a step costs one locked read and one pipelined write.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from uuid import UUID

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from wfweb.events import emit
from wfweb.kernel.actor import Actor, acting_as, current_actor, system_actor
from wfweb.kernel.db import after_rollback, session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.journal import savepoint
from wfweb.workflow import actions, facts, rules, writing
from wfweb.workflow.errors import ActionFailed, StepTooLong
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.schemas import ANSWERS, ActionCall, Transition

STEP_SECONDS = 30.0
QUERY_CANCELED = "57014"

_KINDS = {
    "user_action": "transition",
    "condition": "system",
    "timeout": "timeout",
    "approval": "approval",
    "rejection": "rejection",
}


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
    taken = writing.Step(kind or _KINDS[way.trigger], way, comment, attachments)
    with _running(loaded), _stopped_in_time(loaded, way):
        _take(loaded, way, taken, budget)
        _follow(loaded, budget)


@contextmanager
def _stopped_in_time(loaded: Loaded, way: Transition) -> Iterator[None]:
    """See to it that a step which had to be stopped is shown to an operator (ENG-12)."""
    try:
        yield
    except StepTooLong:
        after_rollback(partial(_mark_stopped, loaded.id, way.code))
        raise
    except DBAPIError as error:
        # A statement that the server ended for taking too long; the act is lost with it.
        if getattr(error.orig, "sqlstate", None) == QUERY_CANCELED:
            after_rollback(partial(_mark_stopped, loaded.id, way.code))
        raise


def _mark_stopped(instance_id: UUID, way_code: str) -> None:
    with transaction(company_id=current_actor().company_id):
        loaded = load(instance_id)
        way = loaded.definition.transitions[way_code]
        if loaded.status == "active" and loaded.state == way.from_state:
            label = rules.label_of(way)
            writing.fail(
                loaded, f"“{label}” took too long and was stopped; nothing of it remains", way
            )


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


def follow(loaded: Loaded) -> None:
    """Take the steps that actions asked for and that conditions open, at most 25 of them."""
    with _running(loaded):
        _follow(loaded, Budget())


def _follow(loaded: Loaded, budget: Budget) -> None:
    while loaded.status == "active":
        answer = loaded.answers.pop(0) if loaded.answers else None
        way = _answered(loaded, answer) if answer else _next(loaded)
        if way is None:
            return
        budget.check()
        budget.followed += 1
        if budget.followed > rules.MAX_AUTOMATIC_STEPS:
            writing.fail(loaded, f"goes round in circles at “{rules.label_of(way)}”", way)
            return
        taken = writing.Step(answer[0], way, answer[2]) if answer else writing.Step("system", way)
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
            if way.trigger in ANSWERS:
                continue  # nobody gave that answer
            if way.condition is None or facts.judge(facts.Facts(loaded))(way.condition)[0]:
                return way
    if not definition.out(loaded.state, "condition"):
        return None
    return rules.automatic(definition, loaded.state, facts.judge(facts.Facts(loaded)))


def _take(loaded: Loaded, way: Transition, taken: writing.Step, budget: Budget) -> None:
    before, after = loaded.definition.states[loaded.state], loaded.definition.states[way.to]
    leaving, entering = [*before.on_exit, *way.actions], after.on_enter
    if not leaving and not entering:
        writing.move(loaded, after, taken)
        return
    seen = facts.Facts(loaded, way, taken.comment)
    scene = actions.ActionContext(loaded, seen, way, taken.comment)
    guarded = any(call.on_error == "error_state" for call in (*leaving, *entering))
    was = (loaded.state, loaded.status, loaded.steps, loaded.version, loaded.entered_at)
    try:
        with savepoint() if guarded else nullcontext():
            _run(scene, leaving, budget)
            writing.move(loaded, after, taken)
            _run(scene, entering, budget)
    except ActionFailed as failure:
        if failure.call.on_error != "error_state":
            raise
        loaded.state, loaded.status, loaded.steps, loaded.version, loaded.entered_at = was
        loaded.queued.clear()
        writing.fail(loaded, failure.detail, way)


def enter_start(loaded: Loaded) -> None:
    """Run what the start state does on entering, then the steps that open by themselves.

    :raises ActionFailed: when an action fails that does not lead to the error state.
    """
    place, budget = loaded.definition.states[loaded.state], Budget()
    if place.on_enter:
        scene = actions.ActionContext(loaded, facts.Facts(loaded), None, None)
        guarded = any(call.on_error == "error_state" for call in place.on_enter)
        try:
            with savepoint() if guarded else nullcontext():
                _run(scene, place.on_enter, budget)
        except ActionFailed as failure:
            if failure.call.on_error != "error_state":
                raise
            writing.fail(loaded, failure.detail, None)
            return
    with _running(loaded):
        emit(writing.entered(loaded, place))
        _follow(loaded, budget)


def _run(scene: actions.ActionContext, calls: Sequence[ActionCall], budget: Budget) -> None:
    for call in calls:
        budget.check()
        if call.when is not None and not facts.judge(scene.facts)(call.when)[0]:
            continue
        try:
            actions.find(call).run(scene, call.parameters)
        except StepTooLong:
            raise
        except (Refusal, LookupError, ValueError, SQLAlchemyError) as error:
            if getattr(getattr(error, "orig", None), "sqlstate", None) == QUERY_CANCELED:
                raise
            raise ActionFailed(call, error) from error
