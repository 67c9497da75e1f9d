"""Saying what was done to a calendar: one event an act, with only what changed."""

from collections.abc import Mapping
from typing import Any

from wfweb.calendars.events import CalendarChanged, CalendarDeleted, CalendarPublished
from wfweb.calendars.models import BusinessCalendar, CalendarVersion
from wfweb.events import emit

TARGET = "business_calendar"
Values = Mapping[str, Any]


def changed(
    kept: BusinessCalendar, what: str, *, before: Values | None = None, after: Values | None = None
) -> None:
    """Tell that the draft or the default changed."""
    old, new = _difference(before or {}, after or {})
    emit(
        CalendarChanged(
            target_type=TARGET,
            target_id=kept.id,
            target_label=kept.name,
            code=kept.code,
            before=old,
            after=new,
            details={"what": what},
        )
    )


def published(kept: BusinessCalendar, version: CalendarVersion, before: Values | None) -> None:
    """Tell that a version is the rule; ``before`` is the body of the version before it."""
    old, new = _difference(before or {}, version.body)
    emit(
        CalendarPublished(
            target_type=TARGET,
            target_id=kept.id,
            target_label=f"{kept.name} version {version.number}",
            code=kept.code,
            version_id=version.id,
            number=version.number,
            effective_from=version.effective_from,
            before=old,
            after=new,
            details={"comment": version.comment, "effective_from": str(version.effective_from)},
            risk="HIGH",
        )
    )


def deleted(kept: BusinessCalendar) -> None:
    """Tell that nobody can choose the calendar any more."""
    emit(
        CalendarDeleted(
            target_type=TARGET,
            target_id=kept.id,
            target_label=kept.name,
            code=kept.code,
            risk="HIGH",
        )
    )


def _difference(old: Values, new: Values) -> tuple[Values | None, Values | None]:
    keys = {key for key in {*old, *new} if old.get(key) != new.get(key)}
    return (
        {key: old[key] for key in keys if key in old} or None,
        {key: new[key] for key in keys if key in new} or None,
    )
