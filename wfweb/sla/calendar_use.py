"""What of the deadlines counts with a business calendar, so that it is not deleted meanwhile."""

from sqlalchemy import ColumnElement, and_, func, or_, select

from wfweb.calendars.models import BusinessCalendar, CalendarVersion
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.sla.models import SlaClock, SlaDefinition, SlaDefinitionVersion


def definitions_with(code: str) -> int:
    """Return how many definitions count with a calendar, by name or because it is the default."""
    named = SlaDefinitionVersion.body["calendar"].astext
    default = (
        select(BusinessCalendar.id)
        .where(_of(code), BusinessCalendar.is_default, BusinessCalendar.deleted_at.is_(None))
        .exists()
    )
    query = (
        select(func.count())
        .select_from(SlaDefinition)
        .join(SlaDefinitionVersion, SlaDefinitionVersion.id == SlaDefinition.live_version_id)
        .where(
            SlaDefinition.company_id == current_actor().company_id,
            SlaDefinition.active,
            or_(named == code, and_(named.is_(None), default)),
        )
    )
    return session().scalar(query) or 0


def open_clocks_with(code: str) -> int:
    """Return how many open clocks are pinned to a version of a calendar."""
    versions = (
        select(CalendarVersion.id)
        .join(BusinessCalendar, BusinessCalendar.id == CalendarVersion.calendar_id)
        .where(_of(code))
    )
    query = (
        select(func.count())
        .select_from(SlaClock)
        .where(
            SlaClock.company_id == current_actor().company_id,
            SlaClock.completed_at.is_(None),
            SlaClock.calendar_version_id.in_(versions),
        )
    )
    return session().scalar(query) or 0


def _of(code: str) -> ColumnElement[bool]:
    return and_(
        BusinessCalendar.company_id == current_actor().company_id, BusinessCalendar.code == code
    )
