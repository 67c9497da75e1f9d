"""The rows of "Only where": what a rule may look at, and where what is wrong was typed."""

from collections.abc import Mapping
from typing import Any, Final

from wfweb.alerts import checks
from wfweb.alerts.body import SLA_EVENT
from wfweb.conditions import FieldTypes, MalformedConditionError
from wfweb.conditions.builder import Builder, builder
from wfweb.conditions.rows import condition_of, focus_after, place, press, read_rows, rows_of
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.records.queries import record_types

NAME: Final = "condition"
ROOTS: Final = ("", "event", "clock")
Typed = dict[str, Any]


def types_of(typed: Mapping[str, Any]) -> FieldTypes:
    """Return what the condition may read, by the records and the event that were chosen."""
    wanted = typed.get("record_type")
    chosen = next((one for one in record_types(inactive=True) if one.code == wanted), None)
    event = {"sla": SLA_EVENT, "event": typed.get("event")}.get(typed.get("type", ""))
    return checks.readable(chosen, event)


def with_condition(typed: Typed, condition: Mapping[str, Any] | None) -> Typed:
    """Return what the form shows, with the rows of a condition."""
    return {**typed, NAME: rows_of(condition, types_of(typed))}


def with_rows(typed: Typed, posted: Mapping[str, str]) -> tuple[Typed, bool]:
    """Return what was typed, with its rows, and whether a button of the rows was pressed."""
    rows = read_rows(posted, NAME)
    pressed = press(rows, posted.get("_act", ""), NAME)
    kept = {name: value for name, value in typed.items() if not name.startswith(f"{NAME}.")}
    return {**kept, NAME: pressed or rows}, pressed is not None


def condition_in(typed: Typed, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the condition that was typed.

    :param before: the body that is changed.
    :raises ValidationFailed: naming rows that say nothing.
    """
    try:
        return condition_of(typed[NAME], types_of(typed), (before or {}).get(NAME))
    except MalformedConditionError as error:
        faults = [FieldError(f"/{NAME}.{one.path}", one.message, NAME) for one in error.problems]
        raise ValidationFailed(faults) from error


def typed_at(pointer: str, typed: Typed) -> str:
    """Return the field of the form in which a part of the condition was typed."""
    inside = pointer.removeprefix(f"/{NAME}")
    if not inside.startswith("/"):
        return pointer
    part = place(typed[NAME], inside)
    return f"/{NAME}.{part}" if part else f"/{NAME}"


def drawn(typed: Typed) -> Builder:
    """Return the rows as the form draws them."""
    focus = focus_after(typed[NAME], typed.get("_act", ""), NAME)
    return builder(NAME, typed[NAME], types_of(typed), ROOTS, focus=focus)
