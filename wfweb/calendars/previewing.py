"""From a moment plus some hours: what a calendar would answer, for the pages that try it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from wfweb.calendars import rules
from wfweb.calendars.evaluating import Question, evaluate
from wfweb.calendars.instants import FIRST_YEAR, LAST_YEAR
from wfweb.calendars.queries import Pinned
from wfweb.calendars.words import in_words
from wfweb.calendars.zones import zone
from wfweb.kernel import clock
from wfweb.kernel.errors import FieldError, ValidationFailed

USUAL_HOURS: Final = "8"
HOUR: Final = 3600
_LONGEST: Final = 20


@dataclass(slots=True)
class Preview:
    """What was typed, and the answer: ``start`` plus ``hours`` is ``due``."""

    start_text: str
    hours_text: str
    start: str = ""
    due: str = ""
    words: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def preview(found: Pinned, start_text: str, hours_text: str) -> Preview:
    """Return what a calendar answers; texts that cannot be read are told, not refused.

    :param start_text: a wall clock time in the calendar's zone; empty for now.
    :param hours_text: a decimal number of hours; empty for eight.
    """
    place = zone(found.calendar.tz)
    start_text = start_text or f"{clock.now().astimezone(place):%Y-%m-%dT%H:%M}"
    made = Preview(start_text[:_LONGEST], (hours_text or USUAL_HOURS)[:_LONGEST])
    try:
        start = rules.instant(found.calendar, _wall(made.start_text))
        seconds = _seconds(made.hours_text)
        answer = evaluate(found, Question(operation="add", start=start, seconds=seconds))
    except ValidationFailed as refusal:
        names = {"/start": "from", "/seconds": "hours"}
        made.errors = {names.get(e.pointer, "from"): e.message for e in refusal.errors}
        return made
    if answer.at is not None and answer.receipt is not None:
        made.start, made.due = (_shown(moment, found) for moment in (start, answer.at))
        made.words = in_words(answer.receipt)
    return made


def preview_of_body(body: Mapping[str, Any], start_text: str, hours_text: str) -> Preview:
    """Return what a calendar that is not saved yet would answer.

    :raises CalendarProblem: naming every wrong place of the body.
    """
    return preview(Pinned(rules.compile_calendar(body), name=""), start_text, hours_text)


def problems_shown(errors: list[FieldError], start_text: str, hours_text: str) -> Preview:
    """Return the preview of a calendar that cannot be read: it says what is in the way."""
    made = Preview(start_text[:_LONGEST], hours_text[:_LONGEST])
    made.errors = {"calendar": errors[0].message}
    return made


def _wall(text: str) -> datetime:
    try:
        wall = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise ValidationFailed.at("/start", "Choose a day and a time", "moment") from None
    if not FIRST_YEAR <= wall.year <= LAST_YEAR:
        message = f"Choose a day from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValidationFailed.at("/start", message, "too_far")
    return wall


def _seconds(text: str) -> int:
    try:
        hours = Decimal(text.replace(",", "."))
    except InvalidOperation:
        hours = Decimal("NaN")
    if not hours.is_finite() or abs(hours) > 10**9:
        raise ValidationFailed.at("/seconds", "Write hours such as 8 or 1.5", "hours")
    return round(hours * HOUR)


def _shown(moment: datetime, found: Pinned) -> str:
    local = moment.astimezone(zone(found.calendar.tz))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"
