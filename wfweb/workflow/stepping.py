"""Steps of an instance: those a person takes, and the way on after an approval."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from wfweb.kernel.actor import current_actor
from wfweb.kernel.errors import Conflict, Forbidden, ValidationFailed
from wfweb.kernel.ports import ports
from wfweb.workflow import engine, facts, rules
from wfweb.workflow.errors import StepNotPossible, refusal_of
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.schemas import Transition

MAX_COMMENT = 4000


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
    refuse_inactive(loaded)
    look = facts.judge(facts.Facts(loaded, comment=comment))
    way = rules.choose(loaded.definition, loaded.state, name, actor, judge=look, comment=comment)
    if not isinstance(way, Transition):
        raise refusal_of(way, loaded.state_name)
    if loaded.record_id is not None:
        ports.action_guard(loaded.record_id, way.code)
    engine.step(loaded, way, comment=comment, attachments=attachments)
    return loaded


def refuse_inactive(loaded: Loaded) -> None:
    """Let through an instance that goes on.

    :raises StepNotPossible: saying how it ended or why it stands still.
    """
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
    refuse_inactive(loaded)
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
