"""What a definition says, in sentences somebody can argue about."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from wfweb import conditions
from wfweb.conditions import FieldTypes
from wfweb.sla import rules, subjects
from wfweb.sla.body import Action, DefinitionBody, When

METRICS: Final[Mapping[str, str]] = {
    "response_time": "Response time",
    "resolution_time": "Resolution time",
    "delivery_time": "Delivery time",
    "custom": "Own measure",
}
DOES: Final[Mapping[str, str]] = {
    "watch": "watch it",
    "prepare": "tell who has it",
    "alert_team": "alert the team",
    "escalate": "escalate at once",
    "notify_manager": "notify the manager",
    "reassign": "give it to somebody else",
}
ABOUT: Final[Mapping[str, str]] = {"level": "approval level"}
ZONES: Final[Mapping[str, str]] = {
    "calendar": "in the calendar’s own time zone",
    "fixed": "in the time zone {zone}",
    "record": "in the time zone of the record’s field {field}",
    "requester": "in the requester’s time zone",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence and what it is about."""

    about: str
    text: str


def sentences(body: DefinitionBody, calendar_name: str) -> list[Said]:
    """Return a definition in words, in the order in which things happen."""
    fields = _fields(body)
    said = [
        Said("What", _what(body, calendar_name)),
        Said("Applies", _applies(body, fields)),
        Said("Starts", _moment(body.start, fields, _usual_start(body))),
    ]
    said += [
        Said("Pauses", f"{one.reason}: while {_held(one.when, one.field, fields)}.")
        for one in body.pause
    ]
    if body.stop is not None:
        said.append(Said("Stops", _moment(body.stop, fields, "at once")))
    if body.cancel is not None:
        said.append(Said("Is cancelled", f"When {_condition(body.cancel, fields)}."))
    return [*said, Said("Levels", _levels(body)), Said("Then", _actions(body))]


def _what(body: DefinitionBody, calendar_name: str) -> str:
    unit = body.unit.removesuffix("s") if body.target == "1" else body.unit
    zone = ZONES[body.time_zone.source].format(zone=body.time_zone.zone, field=body.time_zone.field)
    return (
        f"{METRICS[body.metric]} of {body.target} {unit}, counted by “{calendar_name}” {zone}. "
        f"Pauses do not count."
    )


def _applies(body: DefinitionBody, fields: FieldTypes | None) -> str:
    about = ABOUT.get(body.subject_type, body.subject_type)
    which = f"Every {about}" + (f" of the type {body.record_type}" if body.record_type else "")
    if body.applies_when is None:
        return f"{which}."
    return f"{which} for which {_condition(body.applies_when, fields)}."


def _usual_start(body: DefinitionBody) -> str:
    return "as soon as it exists" if body.retroactive else "as soon as it applies"


def _moment(when: When, fields: FieldTypes | None, otherwise: str) -> str:
    parts = []
    if when.event is not None:
        parts.append(f"with the event {when.event}")
    if when.when is not None:
        parts.append(f"when {_condition(when.when, fields)}")
    if when.field is not None:
        parts.append(f"at the time in {when.field}")
    text = " and ".join(parts) or otherwise
    return f"{text[:1].upper()}{text[1:]}."


def _held(condition: Any, field: str | None, fields: FieldTypes | None) -> str:
    return f"{field} is filled" if field else _condition(condition, fields)


def _condition(condition: Any, fields: FieldTypes | None) -> str:
    text = conditions.describe(condition, fields) if fields else conditions.describe(condition)
    return text[:1].lower() + text[1:]


def _fields(body: DefinitionBody) -> FieldTypes | None:
    kind = subjects.kinds().get(body.subject_type)
    return kind.fields(body.record_type) if kind else None


def _levels(body: DefinitionBody) -> str:
    shares = body.shares()
    words = [f"{level.lower()} from {percent(shares[level])}" for level in rules.LEVELS[1:-1]]
    return f"Green first, {', '.join(words)}, breached when the whole time is used."


def percent(share: Fraction) -> str:
    """Return a share as ``60 %``, with a decimal where it has one."""
    value = float(share * 100)
    return f"{value:.0f} %" if value == int(value) else f"{value:.1f} %"


def _actions(body: DefinitionBody) -> str:
    parts = []
    for level in rules.LEVELS[1:]:
        done = body.actions_of(level)
        if done:
            parts.append(f"{level.lower()}: {', '.join(_action(one) for one in done)}")
    return "; ".join(parts).capitalize() + "." if parts else "Nobody is told of anything."


def _action(action: Action) -> str:
    return f"{DOES[action.do]} ({action.to})" if action.to else DOES[action.do]
