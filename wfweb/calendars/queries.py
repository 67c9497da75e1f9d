"""Reading calendars: the one in force, the one that was pinned, and lists for pages and API.

What is pinned is a publication: version N together with the versions before it, each valid for
the days until the next one begins. It never changes, so compiled calendars are kept in the
process by company and version.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from wfweb.calendars import rules
from wfweb.calendars.models import BusinessCalendar, CalendarVersion
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound

KEPT = 256


@dataclass(frozen=True, slots=True)
class Pinned:
    """A compiled calendar and where it comes from; without ids it is "day and night"."""

    calendar: rules.Calendar
    version_id: UUID | None = None
    calendar_id: UUID | None = None
    code: str | None = None
    name: str = "Day and night"
    number: int | None = None

    @property
    def digest(self) -> str:
        """The digest of everything the arithmetic depends on."""
        return self.calendar.digest


ALWAYS = Pinned(rules.ALWAYS)
_kept: OrderedDict[tuple[UUID | None, UUID], Pinned] = OrderedDict()
# Without the bodies: a calendar that is compiled already needs none of them.
_PINNED = select(
    BusinessCalendar.company_id,
    BusinessCalendar.id,
    CalendarVersion.id,
    BusinessCalendar.code,
    BusinessCalendar.name,
    CalendarVersion.number,
).join(CalendarVersion, CalendarVersion.calendar_id == BusinessCalendar.id)


def calendars() -> list[BusinessCalendar]:
    """Return the company's calendars by name, drafts included."""
    query = select(BusinessCalendar).where(*_alive()).order_by(BusinessCalendar.name)
    return list(session().scalars(query))


def published_codes() -> frozenset[str]:
    """Return the codes that definitions may name."""
    query = select(BusinessCalendar.code).where(*_alive(), BusinessCalendar.current_number > 0)
    return frozenset(session().scalars(query))


def choices() -> list[tuple[str, str]]:
    """Return code and name of every calendar that can be chosen, by name."""
    query = select(BusinessCalendar.code, BusinessCalendar.name).where(
        *_alive(), BusinessCalendar.current_number > 0
    )
    return [(code, name) for code, name in session().execute(query.order_by(BusinessCalendar.name))]


def zones_of(found: Sequence[BusinessCalendar]) -> dict[UUID, str]:
    """Return the time zone of each calendar: of what is in force, else of its draft."""
    query = (
        select(
            BusinessCalendar.id,
            func.coalesce(
                CalendarVersion.body["tz"].astext, BusinessCalendar.draft["tz"].astext, ""
            ),
        )
        .outerjoin(
            CalendarVersion,
            (CalendarVersion.calendar_id == BusinessCalendar.id)
            & (CalendarVersion.number == BusinessCalendar.current_number),
        )
        .where(BusinessCalendar.id.in_([one.id for one in found]))
    )
    return {row[0]: row[1] for row in session().execute(query)}


def find_calendar(code: str, *, lock: bool = False) -> BusinessCalendar:
    """Return a calendar of the current company.

    :raises NotFound: when there is none of this code, or it was deleted.
    """
    query = select(BusinessCalendar).where(*_alive(), BusinessCalendar.code == code)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session().scalar(query)
    if found is None:
        raise NotFound(f"There is no calendar “{code[:60]}”")
    return found


def versions_of(calendar: BusinessCalendar) -> list[CalendarVersion]:
    """Return the versions of a calendar, latest first."""
    query = select(CalendarVersion).where(CalendarVersion.calendar_id == calendar.id)
    return list(session().scalars(query.order_by(CalendarVersion.number.desc())))


def find_version(calendar: BusinessCalendar, number: int) -> CalendarVersion:
    """Return one version of a calendar.

    :raises NotFound: when it has no version of this number.
    """
    found = session().scalar(
        select(CalendarVersion).where(
            CalendarVersion.calendar_id == calendar.id, CalendarVersion.number == number
        )
    )
    if found is None:
        raise NotFound(f"“{calendar.name}” has no version {number}")
    return found


def latest_body(calendar: BusinessCalendar, *, draft: bool = True) -> dict[str, Any]:
    """Return the draft, else what was published last, else an empty body."""
    if draft and calendar.draft is not None:
        return calendar.draft
    return find_version(calendar, calendar.current_number).body if calendar.current_number else {}


def current(code: str | None = None) -> Pinned:
    """Return what a calendar of the current company says now and from later days on.

    :param code: None for the company's default calendar; without one, day and night.
    :raises NotFound: when there is no published calendar of this code.
    """
    named = BusinessCalendar.is_default if code is None else BusinessCalendar.code == code
    newest = CalendarVersion.number == BusinessCalendar.current_number
    row = session().execute(_PINNED.where(*_alive(), named, newest)).one_or_none()
    if row is not None:
        return _pinned(*row)
    if code is None:
        return ALWAYS
    raise NotFound(f"There is no published calendar “{code[:60]}”")


def pinned(version_id: UUID | None) -> Pinned:
    """Return the calendar as it was when a version was published; it never changes.

    :param version_id: None for "day and night".
    :raises NotFound: when the current company has no such version.
    """
    if version_id is None:
        return ALWAYS
    known = _kept.get((current_actor().company_id, version_id))
    if known is not None:
        return known
    mine = BusinessCalendar.company_id == current_actor().company_id
    query = _PINNED.where(mine, CalendarVersion.id == version_id)
    row = session().execute(query).one_or_none()
    if row is None:
        raise NotFound("There is no such version of a calendar")
    return _pinned(*row)


def chain(versions: Sequence[CalendarVersion]) -> list[rules.Dated]:
    """Return what applies from which day on: a later version wins from its first day on.

    :param versions: of one calendar, in the order they were published.
    """
    kept: list[CalendarVersion] = []
    for version in versions:
        kept = [one for one in kept if one.effective_from < version.effective_from] + [version]
    return [
        rules.Dated(one.effective_from if at else None, one.body, one.number)
        for at, one in enumerate(kept)
    ]


def _pinned(
    company_id: UUID, calendar_id: UUID, version_id: UUID, code: str, name: str, number: int
) -> Pinned:
    key = (company_id, version_id)
    known = _kept.get(key)
    if known is not None and (known.code, known.name) == (code, name):
        return known
    calendar = known.calendar if known else _compiled(calendar_id, number)
    found = _kept[key] = Pinned(calendar, version_id, calendar_id, code, name, number)
    if len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def _compiled(calendar_id: UUID, number: int) -> rules.Calendar:
    query = (
        select(CalendarVersion)
        .where(CalendarVersion.calendar_id == calendar_id, CalendarVersion.number <= number)
        .order_by(CalendarVersion.number)
    )
    return rules.compile_chain(chain(list(session().scalars(query))))


def _alive() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        BusinessCalendar.company_id == current_actor().company_id,
        BusinessCalendar.deleted_at.is_(None),
    )
