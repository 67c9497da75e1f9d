"""Checks of what a definition refers to: record type, conditions, actions, roles, texts."""

from collections.abc import Collection, Iterator
from typing import Any

import jsonschema_rs

from wfweb.workflow import texts
from wfweb.workflow.catalogue import Catalogue
from wfweb.workflow.compiled import all_actions
from wfweb.workflow.problems import Problem
from wfweb.workflow.schemas import SYSTEM_ROLE, ActionCall, DefinitionBody


def reference_problems(body: DefinitionBody, known: Catalogue) -> list[Problem]:
    """Return what names something that does not exist or does not fit."""
    found = [*_record_type(body, known), *_who(body, known), *_conditions(body, known)]
    for place, call in all_actions(body):
        found += _action(body, place, call, known)
    for number, state in enumerate(body.states):
        if state.approval is not None and state.approval.title is not None:
            for sentence in texts.problems_in(state.approval.title):
                found.append(Problem(f"/states/{number}/approval/title", sentence, "template"))
    return found


def _record_type(body: DefinitionBody, known: Catalogue) -> Iterator[Problem]:
    if _unknown(body.record_type, known.record_types):
        message = f"there is no record type “{body.record_type}”"
        yield Problem("/record_type", message, "unknown_record_type")


def _unknown(name: object, names: Collection[str] | None) -> bool:
    return isinstance(name, str) and names is not None and name not in names


def _who(body: DefinitionBody, known: Catalogue) -> Iterator[Problem]:
    for number, way in enumerate(body.transitions):
        place = f"/transitions/{number}"
        if way.role != SYSTEM_ROLE and _unknown(way.role, known.roles):
            yield Problem(f"{place}/role", f"there is no role “{way.role}”", "unknown_role")
        if _unknown(way.permission, known.permissions):
            message = f"there is no permission “{way.permission}”"
            yield Problem(f"{place}/permission", message, "unknown_permission")


def _conditions(body: DefinitionBody, known: Catalogue) -> Iterator[Problem]:
    places: list[tuple[str, Any]] = [("/trigger_condition", body.trigger_condition)]
    places += [(f"/transitions/{n}/condition", w.condition) for n, w in enumerate(body.transitions)]
    places += [(f"{place}/when", call.when) for place, call in all_actions(body)]
    places += [
        (f"/states/{n}/approval/levels/{m}/auto_approve/when", level.auto_approve.when)
        for n, state in enumerate(body.states)
        if state.approval is not None
        for m, level in enumerate(state.approval.levels)
        if level.auto_approve is not None
    ]
    for place, condition in places:
        if condition is not None:
            for inside, sentence in known.condition(condition, body.record_type):
                yield Problem(place + _pointer(inside), sentence, "condition")


def _pointer(path: str) -> str:
    """Turn ``all[1].value`` into ``/all/1/value``."""
    parts = path.replace("[", ".").replace("]", "").split(".")
    return "".join(f"/{part}" for part in parts if part)


def _action(
    body: DefinitionBody, place: str, call: ActionCall, known: Catalogue
) -> Iterator[Problem]:
    if known.actions is not None:
        schema = known.actions.get(call.action)
        if schema is None:
            options = ", ".join(sorted(known.actions)) or "none"
            message = f"there is no action “{call.action}”; there are {options}"
            yield Problem(f"{place}/action", message, "unknown_action")
            return
        validator = jsonschema_rs.validator_for(dict(schema))
        for error in validator.iter_errors(call.parameters):
            inside = "".join(f"/{part}" for part in error.instance_path)
            yield Problem(f"{place}{inside}", error.message, "action_parameter")
    yield from _targets(body, place, call, known)
    for inside, text in _texts(call.parameters):
        for sentence in texts.problems_in(text):
            yield Problem(f"{place}{inside}", sentence, "template")


def _targets(
    body: DefinitionBody, place: str, call: ActionCall, known: Catalogue
) -> Iterator[Problem]:
    """Check the parameters whose names say what they point at."""
    given = call.parameters
    field, workflow, step = given.get("field"), given.get("workflow"), given.get("transition")
    if call.action == "update_field" and known.record_types is not None:
        fields = known.record_types.get(body.record_type or "", {})
        if _unknown(field, fields):
            yield Problem(f"{place}/field", f"there is no field “{field}”", "unknown_field")
    itself = workflow == body.code
    if call.action == "start_workflow" and not itself and _unknown(workflow, known.definitions):
        message = f"there is no workflow “{workflow}”"
        yield Problem(f"{place}/workflow", message, "unknown_workflow")
    if call.action == "wait" and "/on_enter/" not in place:
        message = "a wait begins on entering a state and ends when it is left"
        yield Problem(f"{place}/action", message, "wait_place")
    if call.action in {"transition", "wait"} and isinstance(step, str):
        names = {way.code for way in body.transitions} | {way.event for way in body.transitions}
        if step not in names:
            yield Problem(f"{place}/transition", f"there is no step “{step}”", "unknown_step")


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{place}/{number}")
