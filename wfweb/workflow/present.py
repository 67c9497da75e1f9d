"""A definition in words, for the table of steps, the list of changes and the instance panel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wfweb import conditions
from wfweb.kernel.jsontext import dumps
from wfweb.records import types
from wfweb.workflow import actions
from wfweb.workflow.diff import Change
from wfweb.workflow.rules import label_of
from wfweb.workflow.schemas import (
    SYSTEM_ROLE,
    ActionCall,
    Approval,
    Approver,
    DefinitionBody,
    Level,
    State,
    Transition,
)

_TYPES = {
    "start": "Start",
    "normal": "Step",
    "approval": "Approval",
    "end": "End",
    "error": "For errors",
}
_TIMEOUTS = {
    "escalate": "escalates",
    "auto_approve": "approves by itself",
    "auto_reject": "rejects by itself",
    "notify": "tells people",
}
_QUORUMS = {"any": "any of", "all": "all of", "majority": "more than half of"}


@dataclass(frozen=True, slots=True)
class WayRow:
    """A way out of a state, in words."""

    way: Transition
    label: str
    to_code: str
    to_name: str
    who: str
    condition: str
    extras: list[str]


@dataclass(frozen=True, slots=True)
class StateRow:
    """A state with its ways out, in words."""

    state: State
    kind: str
    notes: list[str]
    ways: list[WayRow]


def rows_of(body: DefinitionBody) -> list[StateRow]:
    """Return the states in their order, each with its ways out."""
    fields = _fields(body)
    names = {state.code: state.name for state in body.states}
    ordered = sorted(body.states, key=lambda state: state.sequence)
    return [
        StateRow(
            state,
            _TYPES[state.type] + (", final" if state.final else ""),
            _notes(state),
            [
                _way(way, names, fields)
                for way in sorted(body.transitions, key=lambda way: way.sequence)
                if way.from_state == state.code
            ],
        )
        for state in ordered
    ]


def _fields(body: DefinitionBody) -> conditions.FieldTypes:
    record_type = types.find_type(body.record_type) if body.record_type else None
    return conditions.FieldTypes(types.fields_for_conditions(record_type) if record_type else {})


def reading(condition: Mapping[str, Any], fields: conditions.FieldTypes) -> str:
    """Return a condition as a plain sentence; one that cannot be read as it is written."""
    try:
        return conditions.describe(condition, fields)
    except conditions.MalformedConditionError:
        return dumps(condition)


def _way(way: Transition, names: Mapping[str, str], fields: conditions.FieldTypes) -> WayRow:
    extras = ["needs a comment"] if way.require_comment else []
    extras += [action_words(call) for call in way.actions]
    return WayRow(
        way,
        label_of(way),
        way.to,
        names.get(way.to, way.to),
        _who(way),
        reading(way.condition, fields) if way.condition is not None else "",
        extras,
    )


def _who(way: Transition) -> str:
    fixed = {
        "condition": "by itself",
        "timeout": "when time is up",
        "approval": "when approved",
        "rejection": "when rejected",
    }
    if way.trigger in fixed:
        return fixed[way.trigger] + (f", {way.event}" if way.event else "")
    if way.role == SYSTEM_ROLE:
        return "the system"
    parts = [f"role {way.role}"] if way.role else []
    parts += [f"permission {way.permission}"] if way.permission else []
    return " and ".join(parts) or "anybody who sees it"


def _notes(state: State) -> list[str]:
    notes = approval_words(state.approval) if state.approval is not None else []
    if state.timeout_hours is not None:
        action = _TIMEOUTS.get(state.timeout_action or "", "takes the way out by timeout")
        notes.append(f"after {state.timeout_hours:g} h {action}")
    notes += [f"on entering: {action_words(call)}" for call in state.on_enter]
    notes += [f"on leaving: {action_words(call)}" for call in state.on_exit]
    return notes


def approval_words(approval: Approval) -> list[str]:
    """Return who is asked, one sentence a level."""
    if approval.matrix is not None:
        return [f"asks whom the matrix {approval.matrix} names"]
    return [
        f"level {number}{f' {level.name}' if level.name else ''}: {_level(level)}"
        for number, level in enumerate(approval.levels, start=1)
    ]


def _level(level: Level) -> str:
    asked = ", ".join(_approver(one) for one in level.approvers) or "nobody"
    count = _QUORUMS.get(level.quorum) or f"{level.min_approvers} of"
    order = ", one after the other" if level.ordering == "sequential" else ""
    due = f", within {level.due_hours:g} h" if level.due_hours is not None else ""
    return f"{count} {asked}{order}{due}"


def _approver(one: Approver) -> str:
    if one.user is not None:
        return one.user
    if one.role is not None:
        return f"role {one.role}"
    if one.field is not None:
        return f"the record's {one.field.removeprefix('record.')}"
    return f"{one.manager_chain} managers of the requester"


def action_words(call: ActionCall) -> str:
    """Return what an action does, with its parameters."""
    known = actions.registered().get(call.action)
    name = known.label if known else call.action
    given = ", ".join(f"{key} {dumps(value)}" for key, value in call.parameters.items())
    return f"{name} ({given})" if given else name


_MARKS = {"added": ("new", "ok"), "removed": ("removed", "bad"), "changed": ("changed", "warn")}


def change_rows(found: Sequence[Change]) -> list[dict[str, Any]]:
    """Return the differences of two versions for a page."""
    return [
        {
            "word": _MARKS[change.mark][0],
            "kind": _MARKS[change.mark][1],
            "what": change.what,
            "fields": [(name, _value(old), _value(new)) for name, old, new in change.fields],
        }
        for change in found
    ]


def _value(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    return value if isinstance(value, str) else dumps(value)
