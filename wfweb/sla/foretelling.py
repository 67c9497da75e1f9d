"""What the forecast is made of: past clocks, the moments it is tried on, and the open clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.sla import board
from wfweb.sla.cards import calendar_of, left_of
from wfweb.sla.definitions import version_of
from wfweb.sla.forecast import Chance, Experience, HitRate, Past, Trial, experience, look_back
from wfweb.sla.models import SlaClock, SlaCrossing, SlaDefinition
from wfweb.sla.reports import JUDGED

LEARNT_FROM: Final = timedelta(days=365)
TRIED_ON: Final = timedelta(days=90)
MOST_PAST: Final = 10_000
MOST_TRIED: Final = 1_000
MOST_OPEN: Final = 1_000
TRIED_AT: Final = ("YELLOW", "ORANGE")


def past_clocks(definitions: Sequence[UUID], now: datetime) -> list[Past]:
    """Return the clocks that ended in the last year, the latest ones when there are very many.

    One that was cancelled teaches nothing, unless it had breached before. They come as lists, one
    for each definition and team, because ten thousand rows take far longer to read.
    """
    ended = (
        select(
            SlaClock.definition_id,
            SlaClock.team,
            SlaClock.completed_at,
            SlaClock.elapsed_seconds,
            SlaClock.target_seconds,
        )
        .where(
            SlaClock.company_id == current_actor().company_id,
            SlaClock.definition_id.in_(definitions),
            SlaClock.completed_at >= now - LEARNT_FROM,
            SlaClock.completed_at < now,
            JUDGED,
        )
        .order_by(SlaClock.completed_at.desc())
        .limit(MOST_PAST)
        .subquery()
        .c
    )
    lists = (ended.completed_at, ended.elapsed_seconds, ended.target_seconds)
    rows = session().execute(
        select(ended.definition_id, ended.team, *(func.array_agg(one) for one in lists)).group_by(
            ended.definition_id, ended.team
        )
    )
    return [
        Past(definition_id, team or "", *one)
        for definition_id, team, *each in rows
        for one in zip(*each, strict=True)
    ]


def trials(definitions: Sequence[UUID], now: datetime) -> list[Trial]:
    """Return the moments of the last 90 days at which the forecast can be checked.

    A clock whose fate is known is asked about when it turned yellow and orange, as long as it
    had not breached by then; the latest moments, when there are very many.
    """
    known = or_(SlaClock.completed_at.is_not(None), SlaClock.breached_at.is_not(None))
    rows = session().execute(
        select(
            SlaClock.definition_id,
            SlaClock.team,
            SlaCrossing.at,
            SlaClock.version_id,
            SlaCrossing.level,
            SlaClock.breached_at,
        )
        .join(
            SlaClock,
            (SlaClock.id == SlaCrossing.clock_id) & (SlaClock.round == SlaCrossing.round),
        )
        .where(
            SlaCrossing.company_id == current_actor().company_id,
            SlaClock.definition_id.in_(definitions),
            JUDGED,
            SlaCrossing.level.in_(TRIED_AT),
            SlaCrossing.at >= now - TRIED_ON,
            SlaCrossing.at < now,
            known,
        )
        .order_by(SlaCrossing.at.desc())
        .limit(MOST_TRIED)
    )
    shares: dict[UUID, Mapping[str, float]] = {}
    return [_trial(shares, *row) for row in rows]


def _trial(
    shares: dict[UUID, Mapping[str, float]],
    definition_id: UUID,
    team: str | None,
    at: datetime,
    version_id: UUID,
    level: str,
    breached_at: datetime | None,
) -> Trial:
    """Return a row as a trial; the shares of each version are worked out once."""
    begins = shares.get(version_id)
    if begins is None:
        found = version_of(version_id).body.shares()
        begins = shares[version_id] = {one: float(share) for one, share in found.items()}
    return Trial(definition_id, team or "", at, begins[level], breached_at is not None)


@dataclass(frozen=True, slots=True)
class Foretold:
    """An open clock with its chance of a breach."""

    id: UUID
    due_at: datetime | None
    chance: Chance


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is likely, out of how many clocks, and how good such forecasts were."""

    likely: list[Foretold]
    asked: int
    unknown: int
    expected: float
    looked_back: HitRate
    open_in_time: int


_WHAT_IS_LEFT = (
    SlaClock.id,
    SlaClock.definition_id,
    SlaClock.team,
    SlaClock.due_at,
    SlaClock.paused_at,
    SlaClock.completed_at,
    SlaClock.segment_started_at,
    SlaClock.elapsed_seconds,
    SlaClock.target_seconds,
    SlaClock.calendar_version_id,
    SlaClock.time_zone,
    func.count().over().label("open_in_time"),
)


def foretell(
    filters: board.Filters, definitions: Sequence[SlaDefinition], now: datetime
) -> Forecast:
    """Return the open clocks that will probably breach, the most probable first.

    Looks at the clocks in time that are due first, up to a thousand.
    """
    ids = [one.id for one in definitions]
    past = past_clocks(ids, now)
    known = experience(past)
    statement = select(*_WHAT_IS_LEFT).where(
        *board.open_clocks(filters, definitions), SlaClock.breached_at.is_(None)
    )
    rows = session().execute(statement.order_by(*board.ORDER).limit(MOST_OPEN)).all()
    told = [_one(row, known, now) for row in rows]
    sure = [one for one in told if one is not None]
    likely = sorted(
        (one for one in sure if one.chance.likely),
        key=lambda one: (-one.chance.share, one.due_at or now, one.id),
    )
    return Forecast(
        likely=likely,
        asked=len(rows),
        unknown=len(rows) - len(sure),
        expected=sum(one.chance.share for one in sure),
        looked_back=look_back(past, trials(ids, now)),
        open_in_time=rows[0].open_in_time if rows else 0,
    )


def _one(clock: Any, known: Experience, now: datetime) -> Foretold | None:
    used = 1 - left_of(clock, calendar_of(clock), now) / clock.target_seconds
    chance = known.chance(clock.definition_id, clock.team or "", used)
    return Foretold(clock.id, clock.due_at, chance) if chance else None
