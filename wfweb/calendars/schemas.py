"""The shapes of business calendars in the API."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, example

_WEEK = {day: [["08:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu")}
_BODY = {
    "tz": "Europe/Berlin",
    "weekly": {**_WEEK, "fri": [["08:00", "14:00"]]},
    "holidays": [{"date": "2026-12-25", "name": "Christmas Day"}],
    "overrides": {"2026-12-24": [["08:00", "12:00"]]},
}
Body = Annotated[
    dict[str, Any],
    Field(
        description="`tz`, `weekly` (windows by `mon` to `sun`), and if wanted `overrides` and"
        " `breaks` (windows by date), `holidays` (dates, or objects with `date`, `name`, `off`),"
        " `yearly_holidays` (such as `12-25`). A window that closes before it opens runs into the"
        " next day; `24:00` is the end of a day."
    ),
]


class CalendarDraftIn(In):
    """What the draft of a calendar says from now on."""

    model_config = example({"name": "Office hours", "body": _BODY})

    name: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    description: Annotated[str, Field(max_length=1000)] | None = None
    body: Body
    version: int | None = Field(default=None, description="Of the calendar you saw.")


class CalendarPublishIn(In):
    """From which day on the draft counts."""

    model_config = example({"effective_from": None, "comment": "Holidays of 2027"})

    effective_from: date | None = Field(
        default=None, strict=False, description="A day in the calendar's zone; today if left out."
    )
    comment: Annotated[str, Field(max_length=1000)] = ""
    version: int | None = None


class CalendarDefaultIn(In):
    """Whether a calendar counts wherever none is named."""

    model_config = example({"is_default": True})

    is_default: bool


class HolidaysIn(In):
    """Whose public holidays are copied into the draft. Days that are there stay as they are."""

    model_config = example({"country": "DE", "subdivision": "BE", "years": [2026, 2027]})

    country: Annotated[str, Field(max_length=10, description="ISO 3166 code.")]
    subdivision: Annotated[str, Field(max_length=20)] | None = None
    years: list[int] = Field(min_length=1, max_length=50)
    version: int | None = None


class CalendarItemOut(Out):
    """A calendar in a list."""

    id: UUID
    code: str
    name: str
    description: str
    is_default: bool
    current_number: int = Field(description="Number of the version in force; 0 before the first.")
    version: int
    updated_at: datetime


class CalendarOut(CalendarItemOut):
    """A calendar. `body` is what was published last, `draft` what may follow."""

    body: dict[str, Any] | None
    draft: dict[str, Any] | None


class CalendarPage(Page[CalendarItemOut]):
    """Calendars by code."""


class CalendarVersionOut(Out):
    """One version; it never changes."""

    id: UUID
    number: int
    effective_from: date
    body: dict[str, Any]
    digest: str
    comment: str
    published_at: datetime
    published_by_id: UUID | None


class CalendarVersionPage(Page[CalendarVersionOut]):
    """Versions, latest first."""


class CalendarQuestionIn(In):
    """A question about working time."""

    model_config = example(
        {"op": "add", "calendar": _BODY, "start": "2026-12-24T10:30:00+01:00", "seconds": 28800},
        {"op": "between", "start": "2026-11-20T08:00:00Z", "end": "2026-11-23T08:00:00Z"},
    )

    op: Literal["add", "subtract", "between", "next_open", "previous_open", "is_open"]
    calendar: Annotated[str, Field(max_length=60)] | Body | None = Field(
        default=None,
        description="A code, the id of a version, or a calendar written out; left out: the"
        " company's default calendar.",
    )
    start: datetime = Field(description="An instant with its zone or offset.")
    seconds: int | None = Field(default=None, ge=0, description="Working time to add or subtract.")
    end: datetime | None = Field(default=None, description="For `between`; not before `start`.")


class UsedCalendarOut(Out):
    """The calendar that answered; nulls for one that was written out."""

    code: str | None
    name: str
    number: int | None
    version_id: UUID | None
    zone: str
    digest: str


class CalendarAnswerOut(Out):
    """The answer to a question; only the member that the operation asks for is filled."""

    op: str
    at: datetime | None = Field(
        description="Of add, subtract, next_open and previous_open, in UTC."
    )
    local: str | None = Field(description="The same instant in the calendar's zone.")
    seconds: int | None = Field(description="Of between.")
    open: bool | None = Field(description="Of is_open.")
    text: str | None = Field(description="The receipt in words.")
    receipt: dict[str, Any] | None = Field(
        description="What was counted and what was not, for add and subtract; the instant can be"
        " recomputed from it alone."
    )
    calendar: UsedCalendarOut
