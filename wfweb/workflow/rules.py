"""Pure decisions of the engine: which way out is taken, and why one is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from wfweb.workflow.compiled import Definition
from wfweb.workflow.schemas import SYSTEM_ROLE, Transition

# Automatic steps after one step; more means that the definition runs in a circle.
MAX_AUTOMATIC_STEPS = 25

Reason = Literal["unknown", "ended", "not_here", "role", "permission", "condition", "comment"]


class Who(Protocol):
    """What the rules ask of the person or machine that acts."""

    @property
    def kind(self) -> str:
        """``user``, ``service``, ``system`` or ``anonymous``."""

    def may(self, permission: str) -> bool:
        """Tell whether a permission is held."""

    def has_role(self, code: str) -> bool:
        """Tell whether a role is held."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a step is not possible now, in a sentence for the person who tried it."""

    reason: Reason
    sentence: str
    transition: Transition | None = None
    needs: str = ""
    explanation: Any = None


# Answers a condition over the record: (true or not, explanation).
Judge = Callable[[Mapping[str, Any]], tuple[bool, Any]]


def label_of(transition: Transition) -> str:
    """Return the words on the button of a way out."""
    return transition.label or transition.event or transition.code.replace("_", " ").capitalize()


def refusal_for_actor(transition: Transition, who: Who) -> Blocked | None:
    """Return why this person may not take a way out, or nothing.

    Steps of the role ``system`` belong to the machine alone, and the machine does not
    take steps of a person's role: a timer must not approve as if it were somebody.
    """
    role = transition.role
    if role == SYSTEM_ROLE:
        if who.kind != "system":
            sentence = f"“{label_of(transition)}” is done by the system"
            return Blocked("role", sentence, transition, SYSTEM_ROLE)
    elif role is not None and not who.has_role(role):
        sentence = f"“{label_of(transition)}” is for the role {role}"
        return Blocked("role", sentence, transition, role)
    if transition.permission is not None and not who.may(transition.permission):
        sentence = f"“{label_of(transition)}” needs the permission {transition.permission}"
        return Blocked("permission", sentence, transition, transition.permission)
    return None


def needs_comment(definition: Definition, transition: Transition) -> bool:
    """Tell whether a person has to write why they take a way out."""
    return transition.require_comment or (
        definition.body.require_comment and transition.trigger == "user_action"
    )


def choose(
    definition: Definition,
    state: str,
    name: str,
    who: Who,
    *,
    judge: Judge,
    comment: str | None = None,
) -> Transition | Blocked:
    """Find the way out of ``state`` called ``name`` (its code or its event name).

    Several ways may share a name, for other roles or under other conditions: the first in
    order that is open is taken. Otherwise the refusal of the last one tried says why.
    """
    candidates = [t for t in definition.called(state, name) if t.trigger == "user_action"]
    if not candidates:
        return _not_here(definition, state, name)
    blocked: Blocked | None = None
    for candidate in candidates:
        blocked = (
            refusal_for_actor(candidate, who)
            or refusal_by_condition(candidate, judge)
            or _refusal_without_comment(definition, candidate, comment)
        )
        if blocked is None:
            return candidate
    assert blocked is not None  # noqa: S101 - there was at least one candidate
    return blocked


def refusal_by_condition(transition: Transition, judge: Judge) -> Blocked | None:
    """Return why a condition keeps a way out closed, or nothing."""
    if transition.condition is None:
        return None
    holds, explanation = judge(transition.condition)
    if holds:
        return None
    sentence = f"“{label_of(transition)}” is not possible yet: its condition does not hold"
    return Blocked("condition", sentence, transition, explanation=explanation)


def _refusal_without_comment(
    definition: Definition, transition: Transition, comment: str | None
) -> Blocked | None:
    if needs_comment(definition, transition) and not (comment or "").strip():
        return Blocked("comment", f"Write why you choose “{label_of(transition)}”", transition)
    return None


def _not_here(definition: Definition, state: str, name: str) -> Blocked:
    place = definition.states[state]
    if name not in definition.names:
        return Blocked("unknown", f"“{definition.body.name}” has no step called “{name}”")
    if place.type == "end":
        return Blocked("ended", f"This has ended in “{place.name}”; nothing follows")
    return Blocked("not_here", f"“{name}” is not possible in “{place.name}”")


def automatic(definition: Definition, state: str, judge: Judge) -> Transition | None:
    """Return the way out that opens by itself now, or nothing."""
    for candidate in definition.out(state, "condition"):
        if candidate.condition is None or judge(candidate.condition)[0]:
            return candidate
    return None


def after_approval(
    definition: Definition, state: str, trigger: str, judge: Judge, event: str | None = None
) -> Transition | None:
    """Return the way an approval or a rejection takes.

    A way whose event has the outcome's own name (``send_back``, ``withdraw``) goes before
    the general ones.
    """
    ways = definition.out(state, trigger)
    named = [way for way in ways if event is not None and way.event == event]
    plain = [way for way in ways if way.event in {None, trigger}] or list(ways)
    for way in [*named, *plain]:
        if way.condition is None or judge(way.condition)[0]:
            return way
    return None


def after_timeout(
    definition: Definition, state: str, judge: Judge
) -> tuple[Transition | None, str | None]:
    """Return what a state's timeout does: a way out, or the action without one.

    A way out with the trigger ``timeout`` goes first; then the state's timeout action. The clock
    of a state never answers for the people an approval asks: versions published before that
    was refused only tell, and levels have timeout actions of their own.
    """
    agreed = {way.to for way in definition.out(state, "approval")}
    around = False
    for way in definition.out(state, "timeout"):
        if way.condition is None or judge(way.condition)[0]:
            if way.to not in agreed:
                return way, None
            around = True
    action = definition.states[state].timeout_action
    if around or action in {"auto_approve", "auto_reject"}:
        return None, "escalate" if action == "escalate" else "notify"
    return None, action
