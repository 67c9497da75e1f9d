"""Whether a definition may be saved: its form, its conditions, and what it refers to."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from wfweb import conditions
from wfweb.calendars import queries as calendars
from wfweb.calendars import rules as business
from wfweb.conditions.model import Path
from wfweb.identity import queries as people
from wfweb.kernel.errors import FieldError, NotFound, ValidationFailed
from wfweb.records.types import find_type
from wfweb.sla import rules, subjects
from wfweb.sla.body import DefinitionBody, When
from wfweb.sla.pinning import day_seconds, is_zone

LONGEST = 10 * 366 * 86_400
"""Ten years: a promise of more than that is a typing mistake."""
_ORDERED = ("YELLOW", "ORANGE", "RED")


def read(content: Mapping[str, Any]) -> DefinitionBody:
    """Read the form of a body.

    :raises ValidationFailed: with a JSON pointer for every wrong place.
    """
    try:
        return DefinitionBody.model_validate(content)
    except ValidationError as error:
        raise ValidationFailed(
            [
                FieldError(_pointer(item["loc"]), _words(str(item["msg"])), "form")
                for item in error.errors(include_url=False, include_context=False)
            ]
        ) from None


def refuse(body: DefinitionBody) -> None:
    """Refuse a body that cannot work in the current company.

    :raises ValidationFailed: with every wrong place.
    """
    problems = problems_of(body)
    if problems:
        raise ValidationFailed(problems)


def problems_of(body: DefinitionBody) -> list[FieldError]:
    """Return everything that is wrong with a body in the current company."""
    found: list[FieldError] = []

    def wrong(pointer: str, message: str, code: str = "wrong") -> None:
        found.append(FieldError(pointer, message, code))

    _check_time(body, wrong)
    _check_subject(body, wrong)
    _check_roles(body, wrong)
    return found


Wrong = Callable[..., None]


def _check_time(body: DefinitionBody, wrong: Wrong) -> None:
    calendar = business.ALWAYS
    try:
        calendar = calendars.current(body.calendar).calendar
    except NotFound:
        wrong("/calendar", f"There is no published calendar “{body.calendar}”", "unknown")
    if not 1 <= body.target_seconds(day_seconds(calendar)) <= LONGEST:
        wrong("/target", "Give at least one second and at most ten years", "range")
    shares = body.shares()
    ascending = [shares[level] for level in _ORDERED]
    if ascending != sorted(ascending) or not all(0 < share <= 1 for share in ascending):
        wrong(
            "/levels",
            "Yellow, orange and red begin one after the other, before the target",
            "order",
        )
    zone = body.time_zone.zone
    if zone is not None and not is_zone(zone):
        wrong("/time_zone/zone", f"There is no time zone “{zone}”", "unknown")


def _check_subject(body: DefinitionBody, wrong: Wrong) -> None:
    kind = subjects.kinds().get(body.subject_type)
    if kind is None:
        known = ", ".join(sorted(subjects.kinds()))
        wrong("/subject_type", f"Choose one of {known}", "unknown")
        return
    if body.record_type is not None and find_type(body.record_type) is None:
        wrong("/record_type", f"There is no record type “{body.record_type}”", "unknown")
        return
    fields = kind.fields(body.record_type)
    for pointer, condition in _conditions(body):
        for fault in conditions.validate(condition, fields):
            wrong(pointer + _steps(fault.path), fault.message, "condition")
    for pointer, name in _fields(body):
        if fields.find(Path.read(name)) is None:
            wrong(pointer, f"There is no field “{name[:60]}”", "unknown")
    for level, actions in body.actions.items():
        for place, action in enumerate(actions):
            if action.do == "reassign" and kind.reassign is None:
                message = f"{kind.label} cannot be given to somebody else by a deadline"
                wrong(f"/actions/{level}/{place}/do", message, "unsupported")


def _check_roles(body: DefinitionBody, wrong: Wrong) -> None:
    named = {"/team": body.team} if body.team else {}
    named |= {
        f"/actions/{level}/{place}/to": action.to
        for level, actions in body.actions.items()
        for place, action in enumerate(actions)
        if action.to
    }
    known = people.roles_by_code(set(named.values()))
    for pointer, code in named.items():
        if code not in known:
            wrong(pointer, f"There is no role “{code}”", "unknown")


def _whens(body: DefinitionBody) -> list[tuple[str, When]]:
    return [("/start", body.start), *([("/stop", body.stop)] if body.stop else [])]


def _conditions(body: DefinitionBody) -> list[tuple[str, Any]]:
    given: list[tuple[str, Any]] = [
        ("/applies_when", body.applies_when),
        ("/cancel", body.cancel),
        *((f"{place}/when", when.when) for place, when in _whens(body)),
        *((f"/pause/{n}/when", pause.when) for n, pause in enumerate(body.pause)),
    ]
    return [(place, condition) for place, condition in given if condition is not None]


def _fields(body: DefinitionBody) -> list[tuple[str, str]]:
    given = [
        ("/time_zone/field", body.time_zone.field),
        *((f"{place}/field", when.field) for place, when in _whens(body)),
        *((f"/pause/{n}/field", pause.field) for n, pause in enumerate(body.pause)),
    ]
    return [(place, name) for place, name in given if name is not None]


def terms_of(body: DefinitionBody, calendar: business.Calendar) -> rules.Terms:
    """Return the terms of a definition under a calendar: what "two days" are, is its to say."""
    whole = int(body.target_seconds(day_seconds(calendar)))
    return rules.terms(max(1, whole), body.shares())


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _steps(path: str) -> str:
    steps = re.sub(r"\[(\d+)\]", r"/\1", path).replace(".", "/")
    return f"/{steps}" if steps else ""


def _words(message: str) -> str:
    return message.removeprefix("Value error, ").capitalize()
