"""Questions about working time: the same answers that previews and deadlines get."""

from datetime import datetime

from wfweb.calendars import evaluating
from wfweb.calendars.api import bp
from wfweb.calendars.evaluating import Answer, Question
from wfweb.calendars.policy import VIEW
from wfweb.calendars.schemas import CalendarAnswerOut, CalendarQuestionIn, UsedCalendarOut
from wfweb.calendars.words import in_words
from wfweb.calendars.zones import zone
from wfweb.kernel.api import endpoint
from wfweb.kernel.errors import ValidationFailed


@endpoint(
    bp,
    "POST",
    "/calendars/evaluate",
    request=CalendarQuestionIn,
    response=CalendarAnswerOut,
    scope="read",
    permission=VIEW,
    summary="Ask a question about working time",
    description="With a calendar of the company or one that is written out. Nothing is changed.",
)
def evaluate_calendar(body: CalendarQuestionIn) -> CalendarAnswerOut:
    """Return the answer of a calendar."""
    _refuse_naive("/start", body.start)
    _refuse_naive("/end", body.end)
    found = evaluating.chosen(body.calendar)
    question = Question(operation=body.op, start=body.start, seconds=body.seconds, end=body.end)
    return _answer(evaluating.evaluate(found, question), question)


def _refuse_naive(place: str, moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise ValidationFailed.at(place, "Write the time zone: 2026-12-01T09:00:00Z", "time_zone")


def _answer(answer: Answer, question: Question) -> CalendarAnswerOut:
    found, place = answer.calendar, answer.calendar.calendar.tz
    return CalendarAnswerOut(
        op=question.operation,
        at=answer.at,
        local=answer.at.astimezone(zone(place)).isoformat() if answer.at else None,
        seconds=answer.seconds,
        open=answer.open,
        text=in_words(answer.receipt) if answer.receipt else None,
        receipt=answer.receipt,
        calendar=UsedCalendarOut(
            code=found.code,
            name=found.name,
            number=found.number,
            version_id=found.version_id,
            zone=place,
            digest=found.digest,
        ),
    )
