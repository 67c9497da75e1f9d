"""Business calendars: drafts, versions, publication."""

from sqlalchemy import select

from wfweb.calendars import queries, service
from wfweb.calendars.compiling import compile_calendar
from wfweb.calendars.errors import InUse
from wfweb.calendars.models import BusinessCalendar, CalendarVersion
from wfweb.calendars.policy import EDIT, VIEW
from wfweb.calendars.schemas import (
    CalendarDefaultIn,
    CalendarDraftIn,
    CalendarItemOut,
    CalendarOut,
    CalendarPage,
    CalendarPublishIn,
    CalendarVersionOut,
    CalendarVersionPage,
    HolidaysIn,
)
from wfweb.kernel.actor import current_actor
from wfweb.kernel.api import ApiBlueprint, PageQuery, endpoint, page_of, under

bp = ApiBlueprint(
    "calendars",
    __name__,
    title="Business calendars",
    about="Working hours and holidays, and exact answers about working time.",
)


@endpoint(
    bp,
    "GET",
    "/calendars",
    response=CalendarPage,
    query=PageQuery,
    permission=VIEW,
    summary="List calendars",
)
def list_calendars(query: PageQuery) -> CalendarPage:
    """Return the calendars of the company by code."""
    statement = select(BusinessCalendar).where(
        BusinessCalendar.company_id == current_actor().company_id,
        BusinessCalendar.deleted_at.is_(None),
    )
    return page_of(CalendarPage, statement, [BusinessCalendar.code], query)


@endpoint(
    bp, "GET", "/calendars/<code>", response=CalendarOut, permission=VIEW, summary="Get a calendar"
)
def get_calendar(code: str) -> CalendarOut:
    """Return one calendar with what it says."""
    return _out(queries.find_calendar(code))


@endpoint(
    bp,
    "GET",
    "/calendars/<code>/versions",
    response=CalendarVersionPage,
    query=PageQuery,
    permission=VIEW,
    summary="List the versions of a calendar",
)
def list_calendar_versions(code: str, query: PageQuery) -> CalendarVersionPage:
    """Return versions with their bodies, latest first."""
    statement = select(CalendarVersion).where(
        CalendarVersion.calendar_id == queries.find_calendar(code).id
    )
    return page_of(CalendarVersionPage, statement, [CalendarVersion.number], query, falling=True)


@endpoint(
    bp,
    "PUT",
    "/calendars/<code>",
    request=CalendarDraftIn,
    response=CalendarOut,
    versioned="optional",
    scope="admin",
    permission=EDIT,
    summary="Write the draft of a calendar",
    description="Makes the calendar when its code is new. Nothing counts by it until you publish.",
)
def save_calendar_draft(code: str, body: CalendarDraftIn, version: int | None) -> CalendarOut:
    """Save a draft."""
    with under("/body"):
        compile_calendar(body.body)
    kept = service.save_calendar(
        code,
        body.body,
        name=body.name,
        description=body.description,
        expected_version=version,
    )
    return _out(kept)


@endpoint(
    bp,
    "POST",
    "/calendars/<code>/holidays",
    request=HolidaysIn,
    response=CalendarOut,
    versioned="optional",
    scope="admin",
    permission=EDIT,
    summary="Copy public holidays into the draft of a calendar",
)
def import_calendar_holidays(code: str, body: HolidaysIn, version: int | None) -> CalendarOut:
    """Add holidays of a country."""
    kept = service.import_holidays(
        code, body.country, body.subdivision, body.years, expected_version=version
    )
    return _out(kept)


@endpoint(
    bp,
    "POST",
    "/calendars/<code>/publish",
    request=CalendarPublishIn,
    response=CalendarVersionOut,
    versioned="optional",
    scope="admin",
    permission=EDIT,
    summary="Publish the draft of a calendar",
    description="New deadlines count by it. Those that run keep the version they started with.",
)
def publish_calendar(code: str, body: CalendarPublishIn, version: int | None) -> CalendarVersionOut:
    """Make the draft the rule."""
    made = service.publish(
        code,
        effective_from=body.effective_from,
        comment=body.comment,
        expected_version=version,
    )
    return CalendarVersionOut.model_validate(made)


@endpoint(
    bp,
    "POST",
    "/calendars/<code>/default",
    request=CalendarDefaultIn,
    response=CalendarOut,
    scope="admin",
    permission=EDIT,
    summary="Choose the calendar that counts where none is named",
)
def choose_default_calendar(code: str, body: CalendarDefaultIn) -> CalendarOut:
    """Make a calendar the default, or let day and night count again."""
    kept = queries.find_calendar(code)
    if body.is_default:
        service.set_default(code)
    elif kept.is_default:
        service.set_default(None)
    return _out(kept)


@endpoint(
    bp,
    "DELETE",
    "/calendars/<code>",
    status=204,
    scope="admin",
    permission=EDIT,
    errors=[InUse],
    summary="Delete a calendar that nothing uses",
)
def delete_calendar(code: str) -> None:
    """Take a calendar out of use."""
    service.delete_calendar(code)


def _out(kept: BusinessCalendar) -> CalendarOut:
    item = CalendarItemOut.model_validate(kept)
    body = queries.latest_body(kept, draft=False) or None
    return CalendarOut(**item.model_dump(), body=body, draft=kept.draft)
