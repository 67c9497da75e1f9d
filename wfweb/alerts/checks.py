"""Checking a rule before it is saved: every problem names its place and what to do."""

from collections.abc import Iterator, Sequence
from dataclasses import fields as dataclass_fields
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from wfweb import conditions
from wfweb.alerts import catalogue, rules
from wfweb.alerts.body import SLA_EVENT, Recipient, RuleBody
from wfweb.alerts.wording import NAME, NAMES
from wfweb.conditions import FieldType
from wfweb.events import Event
from wfweb.identity import queries as people
from wfweb.kernel.errors import FieldError
from wfweb.records.fields import storable
from wfweb.records.models import RecordType
from wfweb.records.types import fields_for_conditions, find_type

CHANNELS: Final = ("in_app", "email")
KNOWN_CHANNELS: Final = {"in_app": "In-app", "email": "E-mail", "sms": "SMS", "push": "Push"}
OWN_EVENTS: Final = ("alert", "alerts", "metric", "permission")
_TYPES: Final = {"int": "integer", "bool": "boolean", "datetime": "datetime", "date": "date"}


def problems(body: RuleBody) -> list[FieldError]:
    """Return everything wrong with a well-formed rule."""
    record_type = find_type(body.record_type) if body.record_type else None
    found: list[FieldError] = []
    if body.record_type and record_type is None:
        message = f"There is no record type “{body.record_type}”"
        found.append(FieldError("/record_type", message, "unknown"))
    found += _of_type(body)
    found += _channels(body)
    found += _people(body, record_type)
    found += _steps(body)
    found += _words(body)
    found += _condition(body, record_type)
    return found


def _of_type(body: RuleBody) -> Iterator[FieldError]:
    yield from _limits(body)
    known = catalogue.known_codes()
    for place, code in _metrics_of(body):
        if code is not None and code not in known:
            yield FieldError(place, f"There is no metric “{code}”", "unknown_metric")
    if body.type == "schedule":
        yield from _schedule(body)
    if body.type == "event":
        if body.event is None:
            yield FieldError("/event", "Name the event to wait for", "required")
        elif body.event not in event_names():
            yield FieldError("/event", f"There is no event “{body.event[:60]}”", "unknown_event")
    if body.type == "schedule" and body.record_type is None:
        yield FieldError("/record_type", "Name the record type to look through", "required")


def _metrics_of(body: RuleBody) -> list[tuple[str, str | None]]:
    if body.type == "threshold":
        return [("/metric", body.metric)]
    if body.type != "inventory":
        return []
    stock = body.stock
    found = [("/stock/on_hand", stock.on_hand), ("/stock/on_order", stock.on_order)]
    if body.check == "days_of_stock":
        found.append(("/stock/usage", stock.usage))
    return [*found, ("/stock/reorder_point", stock.reorder_point)]


NEEDED: Final = {
    "metric": "Choose the figure to watch",
    "check": "Choose the check of the stock",
    "operator": "Say on which side of the limit it is raised",
    "raise_at": "Write the limit",
}


def _limits(body: RuleBody) -> Iterator[FieldError]:
    needed: Sequence[str] = ()
    if body.type == "threshold":
        needed = ("metric", "operator", "raise_at")
    elif body.type == "inventory":
        needed = ("check",) if body.check in {None, "reorder_point"} else ("check", "raise_at")
    for name in needed:
        if getattr(body, name) is None:
            yield FieldError(f"/{name}", NEEDED[name], "required")
    if body.clear_at is not None and not rules.band_is_sound(body.band):
        side = "not below" if body.band.operator in {"<", "<="} else "not above"
        message = f"It clears at a value that is {side} {body.band.raise_at}, where it is raised"
        yield FieldError("/clear_at", message, "band")


def _schedule(body: RuleBody) -> Iterator[FieldError]:
    if body.time_zone not in available_timezones():
        yield FieldError("/time_zone", f"“{body.time_zone}” is no time zone", "zone")
    elif body.cron is None:
        yield FieldError("/cron", "Say when: minute hour day month weekday", "required")
    else:
        try:
            next_run(body, datetime.now(ZoneInfo(body.time_zone)))
        except (CronSimError, StopIteration):
            message = f"“{body.cron}” is no schedule; write minute hour day month weekday"
            yield FieldError("/cron", message, "cron")


def next_run(body: RuleBody, after: datetime) -> datetime | None:
    """Return when a schedule is due next, in UTC; 8 o'clock stays 8 o'clock in summer.

    :raises CronSimError: when it is no schedule.
    :raises StopIteration: when it never comes.
    """
    if body.type != "schedule" or body.cron is None:
        return None
    local = after.astimezone(ZoneInfo(body.time_zone))
    return next(CronSim(body.cron, local)).astimezone(ZoneInfo("UTC"))


def _channels(body: RuleBody) -> Iterator[FieldError]:
    for number, channel in enumerate(body.channels):
        if channel in CHANNELS:
            continue
        name = KNOWN_CHANNELS.get(channel)
        if name:
            message = f"{name} is not configured here; use in_app or email"
            yield FieldError(f"/channels/{number}", message, "not_configured")
        else:
            message = f"“{channel[:40]}” is no channel; use in_app or email"
            yield FieldError(f"/channels/{number}", message, "unknown")


def _people(body: RuleBody, record_type: RecordType | None) -> Iterator[FieldError]:
    lists = [("/recipients", body.recipients)]
    lists += [(f"/escalation/{n}/recipients", s.recipients) for n, s in enumerate(body.escalation)]
    roles = people.roles_by_code({one.role for _p, some in lists for one in some if one.role})
    known = fields_for_conditions(record_type) if record_type else {}
    for place, some in lists:
        for number, one in enumerate(some):
            problem = _person_problem(one, roles, known, record_type)
            if problem:
                yield FieldError(f"{place}/{number}", problem, "unknown")


def _person_problem(
    one: Recipient, roles: Any, known: dict[str, FieldType], record_type: RecordType | None
) -> str | None:
    if one.user is not None:
        person = people.user_by_email(one.user) if storable(one.user) else None
        return None if person and person.active else f"Nobody here has the address {one.user[:60]}"
    if one.role is not None:
        return None if one.role in roles else f"There is no role “{one.role}”"
    if one.field == "owner":
        return None
    kind = known.get(one.field or "")
    if record_type is None or kind is None or kind.kind != "person":
        return f"“{one.field}” is no field of the record that holds a person"
    return None


def _steps(body: RuleBody) -> Iterator[FieldError]:
    before, severity = 0, body.severity
    for number, step in enumerate(body.escalation):
        place = f"/escalation/{number}"
        if step.after_minutes <= before:
            yield FieldError(f"{place}/after_minutes", "Each step comes after the one before")
        if step.severity and rules.graver(severity, step.severity) != step.severity:
            yield FieldError(f"{place}/severity", "A step never makes it less urgent")
        before, severity = step.after_minutes, step.severity or severity


def _words(body: RuleBody) -> Iterator[FieldError]:
    for part in ("title", "message"):
        text = getattr(body.template, part)
        for name in sorted(set(NAME.findall(text)) - NAMES):
            message = f"{{{{{name}}}}} is not known here; use one of {', '.join(sorted(NAMES))}"
            yield FieldError(f"/template/{part}", message, "unknown_name")
        if "{{" in NAME.sub("", text):
            yield FieldError(f"/template/{part}", "Use names only as {{name}}", "syntax")


def _condition(body: RuleBody, record_type: RecordType | None) -> Iterator[FieldError]:
    if body.condition is None:
        if body.type == "schedule":
            yield FieldError("/condition", "Say which records to raise an alert for", "required")
        return
    if body.record_type and record_type is None:
        return
    types = readable(record_type, body.waits_for)
    for problem in conditions.validate(body.condition, types):
        yield FieldError("/condition" + _pointer(problem.path), problem.message, "condition")


def readable(record_type: RecordType | None, event: str | None) -> conditions.FieldTypes:
    """Return what the condition of a rule about records of a type, or an event, may read."""
    known = fields_for_conditions(record_type) if record_type else {}
    return conditions.FieldTypes({**known, **event_fields(event)})


def _pointer(path: str) -> str:
    """Turn ``all[1].value`` into ``/all/1/value``."""
    parts = path.replace("[", ".").replace("]", "").split(".")
    return "".join(f"/{part}" for part in parts if part)


def _all_events(base: type[Event] = Event) -> Iterator[type[Event]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _all_events(kind)


def event_classes() -> dict[str, type[Event]]:
    """Return the events that rules may wait for, by name; those of alerts would go in circles."""
    found = {kind.name: kind for kind in _all_events() if "." in kind.name}
    return {n: k for n, k in sorted(found.items()) if n.split(".")[0] not in OWN_EVENTS}


def event_names() -> frozenset[str]:
    """Return the names of the events that rules may wait for."""
    return frozenset(event_classes()) | {SLA_EVENT}


def event_fields(name: str | None) -> dict[str, FieldType]:
    """Return what a condition may read of an event, as ``event.level``."""
    kind = event_classes().get(name or "")
    return _fields_of(kind) if kind else {}


def _fields_of(kind: type[Event]) -> dict[str, FieldType]:
    found = {}
    for one in dataclass_fields(kind):
        plain = str(one.type).removesuffix(" | None").removeprefix("<class '").removesuffix("'>")
        kind_of = _TYPES.get(plain.rpartition(".")[2], "text")
        label = one.name.replace("_", " ").capitalize()
        found[f"event.{one.name}"] = FieldType(kind_of, label)
    return found
