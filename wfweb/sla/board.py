"""The board: the clocks that run, by level from Breached to Green, each with what is left.

One statement counts, one brings the cards, whatever number of clocks is open; what is left is
computed for the cards shown only.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import g, has_request_context
from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, or_, select, union_all
from sqlalchemy.orm import aliased, defer

from wfweb.identity.models import User
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.records import policy
from wfweb.records import queries as records
from wfweb.records.models import Record
from wfweb.records.queries import like
from wfweb.sla.models import SlaClock, SlaDefinition

LEVELS: Final = ("BREACHED", "RED", "ORANGE", "YELLOW", "GREEN")
"""From the most urgent on, because reading begins there (DECISIONS 9)."""
SCOPES: Final = ("team", "mine", "everyone")
CardRow = Row[SlaClock, str, str, str]
"""A clock with its definition's name, its owner's name and the key of its record."""
PER_COLUMN: Final = 20
PER_PAGE: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which open clocks are meant; all filters together."""

    scope: str = "everyone"
    definition: str = ""
    record_type: str = ""
    level: str = ""
    text: str = ""


def visible_definitions() -> list[SlaDefinition]:
    """Return the definitions whose clocks the actor may see: those about records they may see."""
    found = session().scalars(
        select(SlaDefinition)
        .where(SlaDefinition.company_id == current_actor().company_id)
        .order_by(SlaDefinition.name, SlaDefinition.code)
    )
    types = visible_types()
    return [one for one in found if one.record_type_code is None or one.record_type_code in types]


def visible_types() -> dict[str, str]:
    """Return code and plural of the record types whose records the actor may see, by name.

    Read once a request.
    """
    known: dict[str, str] | None = g.get("wfweb_sla_types") if has_request_context() else None
    if known is None:
        types = records.record_types(inactive=True)
        known = {one.code: one.plural for one in types if policy.may(one, "view")}
        if has_request_context():
            g.wfweb_sla_types = known
    return known


def open_clocks(
    filters: Filters, definitions: Sequence[SlaDefinition]
) -> list[ColumnElement[bool]]:
    """Return the conditions on ``SlaClock`` that filters stand for.

    :param definitions: those the actor may see.
    """
    actor = current_actor()
    wanted = [
        one.id
        for one in definitions
        if (not filters.definition or one.code == filters.definition)
        and (not filters.record_type or one.record_type_code == filters.record_type)
    ]
    found: list[ColumnElement[bool]] = [
        SlaClock.company_id == actor.company_id,
        SlaClock.completed_at.is_(None),
        SlaClock.definition_id.in_(wanted),
    ]
    mine = SlaClock.owner_id == actor.id
    if filters.scope == "mine":
        found.append(mine)
    elif filters.scope == "team":
        found.append(or_(mine, SlaClock.team.in_(sorted(actor.roles))))
    if filters.level:
        found.append(SlaClock.level == filters.level)
    if filters.text:
        found.append(_says(like(filters.text)))
    return found


def _says(pattern: str) -> ColumnElement[bool]:
    """Return what holds for clocks whose title or whose record's key is like a pattern.

    The title of a record begins with its key; only of other subjects the record is looked at, one
    by one, so that no search goes through the keys of all records.
    """
    # Under a name of its own: the table of cards joins the record as well.
    about = aliased(Record)
    key = exists().where(about.id == SlaClock.record_id, about.key.ilike(pattern))
    return or_(SlaClock.title.ilike(pattern), and_(SlaClock.subject_type != "record", key))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many clocks are open by level, what tells whether anything changed, what lags behind."""

    by_level: Mapping[str, int]
    mark: str
    behind: int
    behind_since: datetime | None

    @property
    def total(self) -> int:
        """All open clocks that are meant."""
        return sum(self.by_level.values())


def counts(where: Sequence[ColumnElement[bool]], lagging_before: datetime) -> Counts:
    """Count the open clocks by level.

    :param lagging_before: a check that should have happened before this is behind.
    """
    lags = SlaClock.next_check_at < lagging_before
    rows = session().execute(
        select(
            SlaClock.level,
            func.count(),
            func.sum(SlaClock.version),
            func.count().filter(lags),
            func.min(SlaClock.next_check_at).filter(lags),
        )
        .where(*where)
        .group_by(SlaClock.level)
    )
    found = {row[0]: row for row in rows}
    mark = ".".join(f"{found[level][1]}-{found[level][2]}" for level in LEVELS if level in found)
    since = [row[4] for row in found.values() if row[4] is not None]
    return Counts(
        by_level={level: found[level][1] if level in found else 0 for level in LEVELS},
        mark=mark,
        behind=sum(row[3] for row in found.values()),
        behind_since=min(since, default=None),
    )


ORDER = (SlaClock.due_at.asc().nulls_last(), SlaClock.id)


def tops(where: Sequence[ColumnElement[bool]], limit: int = PER_COLUMN) -> list[CardRow]:
    """Return the most urgent clocks of every level, ``limit`` each, in the order of the board."""
    parts = [
        select(SlaClock.id.label("id"))
        .where(*where, SlaClock.level == level)
        .order_by(*ORDER)
        .limit(limit)
        .subquery()
        .select()
        for level in LEVELS
    ]
    chosen = union_all(*parts).subquery()
    rows = session().execute(_cards().join(chosen, chosen.c.id == SlaClock.id).order_by(*ORDER))
    return list(rows)


def page_of(
    where: Sequence[ColumnElement[bool]], *, after: str | None, limit: int = PER_PAGE
) -> tuple[list[CardRow], str]:
    """Return one page of clocks by due time, paused ones last, and the cursor of the next one.

    :raises ValidationFailed: when ``after`` is no cursor of this list.
    """
    statement = _cards().where(*where)
    last = decode_cursor(after, 2, ((datetime, type(None)), UUID))
    if last:
        statement = statement.where(_beyond(last[0], last[1]))
    rows = list(session().execute(statement.order_by(*ORDER).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, ""
    end: SlaClock = rows[limit - 1][0]
    return rows[:limit], encode_cursor([end.due_at, end.id])


def _beyond(due_at: datetime | None, clock_id: UUID) -> ColumnElement[bool]:
    if due_at is None:
        return and_(SlaClock.due_at.is_(None), SlaClock.id > clock_id)
    return or_(
        SlaClock.due_at > due_at,
        and_(SlaClock.due_at == due_at, SlaClock.id > clock_id),
        SlaClock.due_at.is_(None),
    )


def _cards() -> "Select[SlaClock, str, str, str]":
    """Return the statement for clocks with definition, owner and the key of the record.

    Receipts are long and no card shows one.
    """
    return (
        select(SlaClock, SlaDefinition.name, User.name.label("owner"), Record.key.label("key"))
        .join(SlaDefinition, SlaDefinition.id == SlaClock.definition_id)
        .outerjoin(User, User.id == SlaClock.owner_id)
        .outerjoin(Record, Record.id == SlaClock.record_id)
        .options(defer(SlaClock.receipt))
    )


def one_card(clock_id: UUID) -> CardRow | None:
    """Return one clock with definition, owner and key; None when the company has none such."""
    return (
        session()
        .execute(
            _cards().where(
                SlaClock.id == clock_id, SlaClock.company_id == current_actor().company_id
            )
        )
        .one_or_none()
    )


def cards_among(ids: Collection[UUID]) -> dict[UUID, CardRow]:
    """Return the clocks of the company with these ids as cards."""
    among = (SlaClock.company_id == current_actor().company_id, SlaClock.id.in_(ids))
    return {row[0].id: row for row in session().execute(_cards().where(*among))}


def visible_clock(clock_id: UUID) -> SlaClock | None:
    """Return a clock the actor may see: of a visible definition, or their own."""
    actor = current_actor()
    found = session().scalar(
        select(SlaClock).where(SlaClock.id == clock_id, SlaClock.company_id == actor.company_id)
    )
    if found is None or (actor.id is not None and found.owner_id == actor.id):
        return found
    seen = {one.id for one in visible_definitions()}
    return found if found.definition_id in seen else None


def cards_of(which: ColumnElement[bool], *, limit: int) -> list[CardRow]:
    """Return the clocks of a subject as cards: open ones first by due time, then the latest."""
    statement = (
        _cards()
        .where(SlaClock.company_id == current_actor().company_id, which)
        .order_by(SlaClock.completed_at.desc().nulls_first(), *ORDER)
        .limit(limit)
    )
    return list(session().execute(statement))
