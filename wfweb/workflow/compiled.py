"""A definition made ready to run: immutable, looked up by state, kept by version id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from uuid import UUID

from wfweb.workflow.schemas import ANSWERS, ActionCall, DefinitionBody, State, Transition


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of a definition. Running instances stay on the version they began with."""

    version_id: UUID
    version: int
    body: DefinitionBody
    initial: str
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    by_name: Mapping[tuple[str, str], tuple[Transition, ...]] = field(repr=False)
    by_trigger: Mapping[tuple[str, str], tuple[Transition, ...]] = field(repr=False)
    names: frozenset[str] = field(repr=False)
    timed: bool
    """Whether anything in it ever arms a timer."""
    waiting: frozenset[str]
    """The states that begin a wait on entering."""

    @property
    def code(self) -> str:
        """The code all versions share."""
        return self.body.code

    def out(self, state: str, trigger: str) -> tuple[Transition, ...]:
        """Return the ways out of a state under one trigger, in their order."""
        return self.by_trigger.get((state, trigger), ())

    def called(self, state: str, name: str) -> tuple[Transition, ...]:
        """Return the ways out of a state that carry this code or event name."""
        return self.by_name.get((state, name), ())


def compile_definition(version_id: UUID, version: int, body: DefinitionBody) -> Definition:
    """Prepare a body for running.

    :raises ValueError: when there is no start state; publishing has refused that before.
    """
    starts = [state.code for state in body.states if state.type == "start"]
    if len(starts) != 1:
        message = f"definition {body.code} has {len(starts)} start states"
        raise ValueError(message)
    ordered = sorted(body.transitions, key=lambda item: item.sequence)
    agreed = {(item.from_state, item.to) for item in ordered if item.trigger == "approval"}
    by_name: dict[tuple[str, str], tuple[Transition, ...]] = {}
    by_trigger: dict[tuple[str, str], tuple[Transition, ...]] = {}
    for item in ordered:
        key = (item.from_state, item.trigger)
        # A way that leads where an approval leads, without one, is never taken: versions
        # published before that was refused have it on paper only. By time, it only tells.
        if item.trigger not in ANSWERS and (item.from_state, item.to) in agreed:
            if item.trigger == "timeout":
                by_trigger[key] = (*by_trigger.get(key, ()), item)
            continue
        by_trigger[key] = (*by_trigger.get(key, ()), item)
        for name in {item.code, item.event or item.code}:
            named = (item.from_state, name)
            by_name[named] = (*by_name.get(named, ()), item)
    names = {item.code for item in ordered} | {item.event for item in ordered if item.event}
    return Definition(
        version_id=version_id,
        version=version,
        body=body,
        initial=starts[0],
        states=MappingProxyType({state.code: state for state in body.states}),
        transitions=MappingProxyType({item.code: item for item in ordered}),
        by_name=MappingProxyType(by_name),
        by_trigger=MappingProxyType(by_trigger),
        names=frozenset(names),
        timed=_is_timed(body),
        waiting=frozenset(
            state.code
            for state in body.states
            if any(call.action == "wait" for call in state.on_enter)
        ),
    )


def _is_timed(body: DefinitionBody) -> bool:
    return (
        body.timeout_hours is not None
        or any(state.timeout_hours is not None for state in body.states)
        or any(call.action == "wait" for _place, call in all_actions(body))
    )


def all_actions(body: DefinitionBody) -> list[tuple[str, ActionCall]]:
    """Return every action of a definition with its place."""
    found: list[tuple[str, ActionCall]] = []
    for number, state in enumerate(body.states):
        for side, calls in (("on_enter", state.on_enter), ("on_exit", state.on_exit)):
            found += [(f"/states/{number}/{side}/{i}", call) for i, call in enumerate(calls)]
    for number, item in enumerate(body.transitions):
        found += [
            (f"/transitions/{number}/actions/{i}", call) for i, call in enumerate(item.actions)
        ]
    return found
