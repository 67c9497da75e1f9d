"""What a text would mean as a definition: its faults, its words, its due times, one record."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from wfweb import conditions
from wfweb.calendars import daytable
from wfweb.calendars import queries as calendars
from wfweb.calendars import rules as business
from wfweb.calendars.daytable import DayRow
from wfweb.kernel import clock, formats
from wfweb.kernel.errors import FieldError, NotFound, ValidationFailed
from wfweb.records import queries as records
from wfweb.records.models import Record
from wfweb.sla import checking, pinning, receipts, subjects, wording
from wfweb.sla.body import DefinitionBody, When
from wfweb.sla.cards import NAMES
from wfweb.sla.judging import Judge
from wfweb.sla.ledger import Happening, told, whole
from wfweb.sla.views import text


@dataclass(frozen=True, slots=True)
class Answer:
    """What one part of a definition says of a record, and why."""

    about: str
    says: str
    holds: bool
    why: Any = None


@dataclass(frozen=True, slots=True)
class Tried:
    """A definition on one record: every part's answer, and from when time would count."""

    record: Record | None
    answers: list[Answer] = field(default_factory=list)
    begins: datetime | None = None
    refused: str = ""


@dataclass(slots=True)
class Preview:
    """What the editor shows beside the text."""

    problems: Sequence[FieldError] = ()
    said: list[wording.Said] = field(default_factory=list)
    start: datetime | None = None
    target: int = 0
    moments: list[tuple[str, str, datetime]] = field(default_factory=list)
    days: list[DayRow] = field(default_factory=list)
    zone: str = ""
    tried: Tried | None = None


def of(content: str, start: datetime | None, record_key: str) -> Preview:
    """Return what a text would mean if it were saved now.

    :param start: when a clock would begin, in the reader's zone; None for now.
    :param record_key: a record to try it on; empty for none.
    """
    made = Preview()
    try:
        body = text.read(content)
    except ValidationFailed as refusal:
        made.problems = refusal.errors
        return made
    made.problems = checking.problems_of(body)
    if made.problems:
        return made
    made.said = wording.sentences(body, calendars.current(body.calendar).name)
    tried, subject = _tried(body, record_key)
    made.tried = tried
    calendar = _calendar(body, subject)
    begins = tried.begins if start is None and tried else None
    _count(made, body, calendar, whole(begins or _aware(start)))
    return made


def _aware(start: datetime | None) -> datetime:
    if start is None:
        return clock.now()
    return (start if start.tzinfo else start.replace(tzinfo=formats.zone())).astimezone(UTC)


def _calendar(body: DefinitionBody, subject: subjects.Subject | None) -> business.Calendar:
    if subject is not None:
        return pinning.hours_for(body, subject).calendar
    found = calendars.current(body.calendar)
    return pinning.pinned(found.version_id, body.time_zone.zone)


def _count(
    made: Preview, body: DefinitionBody, calendar: business.Calendar, start: datetime
) -> None:
    terms = checking.terms_of(body, calendar)
    made.start, made.target, made.zone = start, terms.target, calendar.tz
    try:
        made.moments = [
            (level, NAMES[level], business.add(calendar, start, seconds))
            for level, seconds in terms.begins
        ]
        receipt = receipts.receipt_of(terms, told([Happening(start, "start")]), calendar)
    except business.TooFar:
        made.problems = [FieldError("/target", "The due time lies beyond what calendars know")]
        return
    made.days = daytable.table(receipt) if receipt else []


def _tried(body: DefinitionBody, key: str) -> tuple[Tried | None, subjects.Subject | None]:
    if not key:
        return None, None
    if body.subject_type != "record":
        return Tried(None, refused="Only a definition about records can be tried on one."), None
    try:
        record = records.record_by_key(key)
    except NotFound:
        return Tried(None, refused=f"There is no record {key[:40]} that you may see."), None
    subject = subjects.find("record", record.id)
    if subject is None:
        return Tried(None, refused=f"{key[:40]} cannot have a deadline."), None
    return _asked(body, subject, record), subject


def _asked(body: DefinitionBody, subject: subjects.Subject, record: Record) -> Tried:
    judge = Judge(subject, clock.now())
    calendar = pinning.hours_for(body, subject).calendar
    applies, cancelled = judge.applies(body), judge.cancels(body)
    begins = judge.begins(body, calendar)
    stops = judge.ends(body.stop, calendar) is not None
    pause = judge.pauses(body)
    answers = [
        Answer("Applies", _yes(applies), applies, _why(body.applies_when, judge)),
        Answer("Starts", _begins(begins), begins is not None, _why_when(body.start, judge)),
        Answer("Is paused", pause or "no", pause is None, None),
        Answer("Is stopped already", _yes(stops), not stops, _why_when(body.stop, judge)),
        Answer("Is cancelled", _yes(cancelled), not cancelled, _why(body.cancel, judge)),
    ]
    runs = applies and begins is not None and not stops and not cancelled
    return Tried(record, answers, begins if runs else None)


def _begins(begins: datetime | None) -> str:
    return f"counts from {formats.datetime_text(begins)}" if begins else "not yet"


def _yes(answer: bool) -> str:  # noqa: FBT001 - the answer itself
    return "yes" if answer else "no"


def _why(condition: Any, judge: Judge) -> Any:
    return conditions.explain(condition, judge.facts) if condition is not None else None


def _why_when(when: When | None, judge: Judge) -> Any:
    return _why(when.when, judge) if when is not None else None
