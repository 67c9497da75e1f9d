"""One question about working time, asked of any calendar: the API, previews and pages ask here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from wfweb.calendars import queries, rules
from wfweb.calendars.problems import refused, too_far
from wfweb.calendars.queries import Pinned
from wfweb.calendars.receipts import receipt
from wfweb.kernel.api import under
from wfweb.kernel.errors import NotFound, ValidationFailed

Operation = Literal["add", "subtract", "between", "next_open", "previous_open", "is_open"]

# Working time, so with forty hours a week these are more than forty years.
MOST_SECONDS = 10 * 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: ``seconds`` of working time for add and subtract, ``end`` for between."""

    operation: Operation
    start: datetime
    seconds: int | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered: an instant, working seconds, or whether work is going on."""

    calendar: Pinned
    at: datetime | None = None
    seconds: int | None = None
    open: bool | None = None
    receipt: dict[str, Any] | None = None


def evaluate(found: Pinned, question: Question) -> Answer:
    """Answer a question; adding and subtracting come with a receipt.

    :raises ValidationFailed: at ``/seconds``, ``/end`` or ``/start``: a part that is missing, an
        end before the start, an answer farther away than 200 years.
    """
    calendar, start = found.calendar, question.start
    match question.operation:
        case "add":
            at = rules.add(calendar, start, _seconds(question))
            return Answer(calendar=found, at=at, receipt=_receipt(found, start, question))
        case "subtract":
            at = rules.subtract(calendar, start, _seconds(question))
            return Answer(calendar=found, at=at, receipt=_receipt(found, at, question))
        case "between":
            if question.end is None:
                raise refused("/end", "Say until when", "missing")
            return Answer(calendar=found, seconds=rules.between(calendar, start, question.end))
        case "next_open":
            return Answer(calendar=found, at=rules.next_open(calendar, start))
        case "previous_open":
            return Answer(calendar=found, at=rules.previous_open(calendar, start))
        case "is_open":
            return Answer(calendar=found, open=rules.is_open(calendar, start))


def receipt_of(found: Pinned, start: datetime, seconds: int) -> dict[str, Any]:
    """Return the receipt of ``start`` plus working seconds, naming calendar and version."""
    account = receipt(
        found.calendar,
        start,
        seconds,
        code=found.code or "",
        name=found.name,
        number=found.number,
    )
    account["calendar"]["version_id"] = str(found.version_id) if found.version_id else None
    return account


def chosen(named: str | Mapping[str, Any] | None) -> Pinned:
    """Return the calendar somebody means: a body, a code, a version's id, or the default.

    :raises ValidationFailed: at ``/calendar`` for a calendar that is not there, and below it for
        a body that is wrong.
    """
    if isinstance(named, Mapping):
        with under("/calendar"):
            return Pinned(rules.compile_calendar(named), name="")
    try:
        return queries.pinned(UUID(named)) if named and _is_id(named) else queries.current(named)
    except NotFound as missing:
        raise ValidationFailed.at("/calendar", missing.detail, "unknown") from missing


def _seconds(question: Question) -> int:
    if question.seconds is None:
        raise refused("/seconds", "Say how much working time", "missing")
    if question.seconds > MOST_SECONDS:
        raise too_far("Ask for at most ten years of working time")
    return question.seconds


def _receipt(found: Pinned, start: datetime, question: Question) -> dict[str, Any]:
    return receipt_of(found, start, _seconds(question))


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
