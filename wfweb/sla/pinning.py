"""Which working hours count for a clock: a published calendar that never changes, and its zone."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select

from wfweb.calendars import queries, zones
from wfweb.calendars import rules as business
from wfweb.calendars.models import CalendarVersion
from wfweb.conditions.model import Path
from wfweb.kernel.db import session
from wfweb.sla.body import DefinitionBody
from wfweb.sla.subjects import Subject

KEPT = 512


@dataclass(frozen=True, slots=True)
class Source:
    """Which calendar working hours come from, in words."""

    code: str = ""
    name: str = "Day and night"
    number: int | None = None


# What is pinned never changes, so nothing ever has to be forgotten for being old.
_kept: OrderedDict[tuple[UUID, str | None], tuple[business.Calendar, Source]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a clock: compiled, and where they come from."""

    calendar: business.Calendar
    version_id: UUID | None = None
    zone: str | None = None


def hours_for(
    body: DefinitionBody, subject: Subject, known: dict[str | None, queries.Pinned] | None = None
) -> Hours:
    """Return the working hours a new clock of a definition has for a subject.

    :param known: calendars that were looked up in this act already; a bulk asks once for each.
    :raises NotFound: when the definition's calendar is not published any more.
    """
    known = {} if known is None else known
    if body.calendar not in known:
        known[body.calendar] = queries.current(body.calendar)
    found = known[body.calendar]
    zone = zone_of(body, subject)
    if found.version_id is None or zone is None or zone == found.calendar.tz:
        return Hours(found.calendar, found.version_id)
    return Hours(pinned(found.version_id, zone), found.version_id, zone)


def pinned(version_id: UUID | None, zone: str | None = None) -> business.Calendar:
    """Return pinned working hours again, read in another zone where one is given."""
    return _known(version_id, zone)[0]


def source_of(version_id: UUID | None, zone: str | None = None) -> Source:
    """Return which calendar pinned working hours come from."""
    return _known(version_id, zone)[1]


def _known(version_id: UUID | None, zone: str | None) -> tuple[business.Calendar, Source]:
    if version_id is None:
        return business.ALWAYS, Source()
    known = _kept.get((version_id, zone))
    if known is None:
        found = queries.pinned(version_id)
        calendar = found.calendar if zone is None else _moved(version_id, zone)
        source = Source(found.code or "", found.name, found.number)
        known = _kept[version_id, zone] = (calendar, source)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return known


def _moved(version_id: UUID, zone: str) -> business.Calendar:
    version = session().get_one(CalendarVersion, version_id)
    query = (
        select(CalendarVersion)
        .where(
            CalendarVersion.calendar_id == version.calendar_id,
            CalendarVersion.number <= version.number,
        )
        .order_by(CalendarVersion.number)
    )
    dated = queries.chain(list(session().scalars(query)))
    return business.compile_chain([one._replace(body={**one.body, "tz": zone}) for one in dated])


def zone_of(body: DefinitionBody, subject: Subject) -> str | None:
    """Return the zone a definition wants for a subject; nothing for the calendar's own.

    A record or requester without a zone that exists falls back to the calendar's.
    """
    source = body.time_zone
    wanted: object = source.zone
    if source.source == "requester":
        wanted = value_at(subject, "requester.time_zone")
    elif source.source == "record":
        wanted = value_at(subject, source.field)
    return wanted if isinstance(wanted, str) and is_zone(wanted) else None


def is_zone(name: str) -> bool:
    """Tell whether a name is a time zone that calendars know, whatever the machine has besides."""
    return name in zones.names()


def value_at(subject: Subject, field: str | None) -> object:
    """Return what a subject has in a field (``delivery_date`` or ``instance.started_at``)."""
    if field is None:
        return None
    path = Path.read(field)
    value: object = subject.facts.get(path.root)
    for key in path.keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def day_seconds(calendar: business.Calendar) -> Fraction:
    """Return what "one day" means: the working time of an ordinary open weekday, on average.

    A week of five days of eight hours has days of eight hours; around the clock it is 24.
    """
    week = calendar.versions[-1].body.weekly
    days = [sum(w.closes - w.opens for w in windows) for windows in week if windows]
    return Fraction(sum(days), len(days)) if days else Fraction(86_400)
