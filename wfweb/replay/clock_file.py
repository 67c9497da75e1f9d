"""Reading what ``--sla`` names: an SLA definition as wfweb keeps it, with its working hours.

The file is the body of an SLA definition, with three differences. ``calendar`` holds the working
hours themselves (without them every hour counts), because a trial has no calendars of its own.
``deadline`` may name a field of the case that gives the due instant instead of the target.
``takes`` may name a step that the passing of the deadline takes by itself, as the system.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfweb import conditions
from wfweb.calendars import rules as business
from wfweb.kernel.errors import ValidationFailed
from wfweb.replay.cases import BrokenExpectation
from wfweb.sla import checking
from wfweb.sla.body import DefinitionBody
from wfweb.sla.rules import Terms
from wfweb.workflow import exchange
from wfweb.workflow.problems import BrokenFile


@dataclass(frozen=True, slots=True)
class ClockFile:
    """A definition, its compiled working hours, and the terms of its target."""

    body: DefinitionBody
    calendar: business.Calendar
    terms: Terms
    deadline: str | None = None
    takes: str | None = None


def read_clock(path: Path) -> ClockFile:
    """Read a YAML or JSON file.

    :raises BrokenExpectation: when it is no such file, with every place that is wrong.
    """
    try:
        return clock_of(exchange.read(path.read_bytes()))
    except OSError as error:
        raise BrokenExpectation(f"{path.name} cannot be read: {error}") from None
    except BrokenFile as broken:
        raise BrokenExpectation(f"{path.name} {broken}") from None
    except ValidationFailed as wrong:
        places = "; ".join(f"{item.pointer or '/'}: {item.message}" for item in wrong.errors)
        raise BrokenExpectation(f"{path.name} is no SLA definition: {places}") from None


def clock_of(content: Mapping[str, Any]) -> ClockFile:
    """Return the clock that a file's content describes.

    :raises ValidationFailed: naming every wrong place.
    """
    data = dict(content)
    hours, extra = data.pop("calendar", None), {}
    for name in ("deadline", "takes"):
        value = data.pop(name, None)
        if value is not None and not (isinstance(value, str) and value.strip()):
            raise ValidationFailed.at(f"/{name}", "Write a name", "form")
        extra[name] = value
    if hours is not None and not isinstance(hours, Mapping):
        message = "Write the working hours themselves here; a trial has no calendars of its own"
        raise ValidationFailed.at("/calendar", message, "form")
    body = checking.read(data)
    _refuse_broken_conditions(body)
    calendar = business.compile_calendar(hours) if hours is not None else business.ALWAYS
    return ClockFile(body, calendar, checking.terms_of(body, calendar), **extra)


def _refuse_broken_conditions(body: DefinitionBody) -> None:
    """Compile every condition once, so that a wrong one is told before the replay and not in it."""
    stop = body.stop.when if body.stop is not None else None
    given = {"/applies_when": body.applies_when, "/start/when": body.start.when}
    given |= {"/stop/when": stop, "/cancel": body.cancel}
    given |= {f"/pause/{number}/when": one.when for number, one in enumerate(body.pause)}
    for place, condition in given.items():
        if condition is None:
            continue
        try:
            conditions.compile(condition)
        except conditions.MalformedConditionError as error:
            raise ValidationFailed.at(place, str(error), "condition") from None
