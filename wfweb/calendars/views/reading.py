"""Calendars to read: the list, one with its versions and what its draft would change."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from wfweb.calendars import queries, showing, usage
from wfweb.calendars.models import BusinessCalendar, CalendarVersion
from wfweb.calendars.policy import EDIT, VIEW, guarded
from wfweb.calendars.previewing import preview_of_body
from wfweb.calendars.usage import Use
from wfweb.calendars.views import bp
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.web import page

DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Shown:
    """A calendar and the version, or draft, that its page shows."""

    calendar: BusinessCalendar
    versions: list[CalendarVersion]
    version: CalendarVersion | None
    body: dict[str, Any]
    uses: list[Use]

    @property
    def is_draft(self) -> bool:
        """Whether nothing counts by what is shown."""
        return self.version is None

    @property
    def before(self) -> CalendarVersion | None:
        """The version that what is shown is compared with."""
        number = self.version.number - 1 if self.version else self.calendar.current_number
        return next((one for one in self.versions if one.number == number), None)

    @property
    def today(self) -> date:
        """The day it is now where the calendar is."""
        return clock.today(str(self.body["tz"]))


def shown(code: str, wanted: str = "") -> Shown:
    """Return a calendar's page: a version by its number, the draft, or what is in force.

    :raises NotFound: for a calendar or version that is not there, a draft of which one may not
        know.
    """
    kept = queries.find_calendar(code)
    versions = queries.versions_of(kept)
    may_edit = current_actor().may(EDIT)
    uses = usage.users_of(code) if may_edit else []
    if wanted == DRAFT or not versions:
        if kept.draft is None or not may_edit:
            raise NotFound
        return Shown(kept, versions, None, kept.draft, uses)
    version = versions[0] if not wanted else _numbered(versions, wanted)
    return Shown(kept, versions, version, version.body, uses)


def _numbered(versions: list[CalendarVersion], text: str) -> CalendarVersion:
    found = next((one for one in versions if str(one.number) == text), None)
    if found is None:
        raise NotFound
    return found


def page_of(found: Shown) -> dict[str, Any]:
    """Return what the page of a calendar is drawn from."""
    before = found.before
    return {
        "c": found,
        "calendar": found.calendar,
        "week": showing.week_of(found.body),
        "special": showing.special_days(found.body, found.today),
        "changes": showing.differences(before.body, found.body) if before else [],
        "weight": showing.weight(before.body, found.body, found.today)
        if before and found.is_draft
        else None,
        "may_edit": current_actor().may(EDIT),
        "p": preview_of_body(
            found.body, request.args.get("from", ""), request.args.get("hours", "")
        ),
    }


@bp.get("/calendars")
@guarded(VIEW)
def list_calendars() -> ResponseReturnValue:
    """Show the company's calendars; drafts only to those who may edit them."""
    with transaction():
        may_edit = current_actor().may(EDIT)
        found = [one for one in queries.calendars() if may_edit or one.current_number]
        return page(
            "calendars/index.html",
            calendars=found,
            zones=queries.zones_of(found),
            may_edit=may_edit,
        )


@bp.get("/calendars/<code>")
@guarded(VIEW)
def calendar(code: str) -> ResponseReturnValue:
    """Show one calendar in words, and try it."""
    with transaction():
        found = shown(code, request.args.get("version", ""))
        return page("calendars/show.html", errors=[], **page_of(found))
