"""Who had the work for how long: the ledgers of clocks, cut at the ends of months.

Every second a clock ran is somebody's, whatever came of the clock: what was kept, missed, cancelled
and what still runs are all in here, each by the ledger it has now. Business seconds leave out
pauses; wall seconds are everything from taking the work to giving it away. A stretch inside a
month has its business seconds in the ledger; one that reaches into another month, or still goes
on, is counted anew in the calendar its clock is pinned to, so that the parts are exactly the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row

from wfweb.calendars import rules as business
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.sla.ledger import whole
from wfweb.sla.pinning import pinned
from wfweb.sla.reports import Period

_BY_OWNER = text("""
with months as (
    select * from unnest(cast(:months as date[]), cast(:begins as timestamptz[]),
        cast(:ends as timestamptz[])) as m (month, begins, ends)
), chosen as (
    select id, round, definition_id, coalesce(team, '') as team, owner_id, completed_at,
        paused_at, segment_started_at, calendar_version_id, time_zone
    from sla_clocks
    where company_id = :company and definition_id = any(:definitions)
        and started_at < :until and (completed_at is null or completed_at > :since)
        and (cast(:team as text) is null or coalesce(team, '') = :team)
), stretches as (
    select c.id, c.definition_id, c.team, s.owner_id, s.kind = 'run' as ran, s.started_at,
        s.ended_at, s.business_seconds, c.calendar_version_id, c.time_zone
    from chosen c join sla_segments s on s.clock_id = c.id and s.round = c.round
    where s.started_at < :until and s.ended_at > :since
    union all
    select id, definition_id, team, owner_id, paused_at is null, segment_started_at,
        :now, null, calendar_version_id, time_zone
    from chosen where completed_at is null and segment_started_at < :now
), pieces as (
    select s.*, m.month, greatest(s.started_at, m.begins) as low, least(s.ended_at, m.ends) as high,
        s.business_seconds is not null and s.started_at >= m.begins and s.ended_at <= m.ends
            as is_whole
    from stretches s join months m on s.started_at < m.ends and s.ended_at > m.begins
)
select definition_id, team, month, owner_id, count(distinct id) as clocks,
    coalesce(sum(business_seconds) filter (where is_whole), 0)::bigint as business,
    sum(extract(epoch from high - low))::bigint as wall,
    array_agg(low) filter (where ran and not is_whole) as lows,
    array_agg(high) filter (where ran and not is_whole) as highs,
    array_agg(calendar_version_id) filter (where ran and not is_whole) as calendars,
    array_agg(time_zone) filter (where ran and not is_whole) as zones
from pieces group by month, definition_id, team, owner_id
order by month, definition_id, team, owner_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What somebody had of a definition and team in a month: how many clocks, how long.

    Without an owner it was nobody's.
    """

    definition_id: UUID
    team: str
    month: date
    owner_id: UUID | None
    clocks: int
    business_seconds: int
    wall_seconds: int


def time_by_owner(
    period: Period, definitions: Sequence[UUID], team: str | None, now: datetime
) -> list[Spent]:
    """Return whose the work was in each month of a period, up to now.

    :param team: a role's code, ``""`` for clocks without a team, None for all.
    """
    edges = [*period.starts(), period.ends]
    rows = session().execute(
        _BY_OWNER,
        {
            "months": period.all_months(),
            "begins": edges[:-1],
            "ends": edges[1:],
            "since": period.begins,
            "until": period.ends,
            "company": current_actor().company_id,
            "definitions": list(definitions),
            "team": team,
            "now": whole(now),
        },
    )
    return [_spent(row) for row in rows]


def _spent(row: "Row[Any]") -> Spent:
    cut = zip(*(each or () for each in row[-4:]), strict=True)
    more = sum(
        business.between(pinned(calendar_id, zone), low, high)
        for low, high, calendar_id, zone in cut
    )
    return Spent(
        definition_id=row.definition_id,
        team=row.team,
        month=row.month,
        owner_id=row.owner_id,
        clocks=row.clocks,
        business_seconds=row.business + more,
        wall_seconds=row.wall,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody had in a whole period; ``by_month`` are business seconds."""

    owner_id: UUID | None
    business_seconds: int
    wall_seconds: int
    by_month: dict[date, int]


def by_person(found: Sequence[Spent]) -> list[Person]:
    """Return the same added up by person, who had most working time first."""
    people: dict[UUID | None, list[Spent]] = {}
    for one in found:
        people.setdefault(one.owner_id, []).append(one)
    added = [_person(owner_id, spent) for owner_id, spent in people.items()]
    return sorted(added, key=lambda one: (-one.business_seconds, str(one.owner_id)))


def _person(owner_id: UUID | None, spent: Sequence[Spent]) -> Person:
    months: dict[date, int] = {}
    for one in spent:
        months[one.month] = months.get(one.month, 0) + one.business_seconds
    wall = sum(one.wall_seconds for one in spent)
    return Person(owner_id, sum(months.values()), wall, months)
