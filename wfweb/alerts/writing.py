"""Writing alerts and states by the thousand: each kind of change is one statement."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session


class StateRow(NamedTuple):
    """What a rule will remember of a subject."""

    rule_id: UUID
    subject_id: UUID
    record_id: UUID | None
    raised: bool
    alert_id: UUID | None
    closed_by_hand_at: datetime | None
    last_told_at: datetime | None
    told_on: date | None
    told_count: int


class Repeat(NamedTuple):
    """That an open alert was seen again, with the value it was seen with."""

    alert_id: UUID
    context: dict[str, Any]


_REMEMBER = text(
    "insert into alert_states (company_id, updated_at, rule_id, subject_id, record_id, raised,"
    " alert_id, closed_by_hand_at, last_told_at, told_on, told_count)"
    " select :company, :now, one.* from unnest(cast(:rule_id as uuid[]),"
    " cast(:subject_id as uuid[]), cast(:record_id as uuid[]), cast(:raised as bool[]),"
    " cast(:alert_id as uuid[]), cast(:closed_by_hand_at as timestamptz[]),"
    " cast(:last_told_at as timestamptz[]), cast(:told_on as date[]), cast(:told_count as int[]))"
    " as one on conflict (rule_id, subject_id) do update set raised = excluded.raised,"
    " alert_id = excluded.alert_id, closed_by_hand_at = excluded.closed_by_hand_at,"
    " last_told_at = excluded.last_told_at, told_on = excluded.told_on,"
    " told_count = excluded.told_count, updated_at = excluded.updated_at"
)
_REPEAT = text(
    "update alerts a set occurrences = a.occurrences + 1, last_seen_at = :now,"
    " holds = case when a.holds is not null then true end,"
    " context = a.context || cast(one.context as jsonb)"
    " from unnest(cast(:ids as uuid[]), cast(:contexts as text[])) one(id, context)"
    " where a.id = one.id and a.resolved_at is null"
)
# A rule that does not resolve by itself leaves its alert open when the cause goes.
_RESUME = text(
    "update alerts a set occurrences = a.occurrences + 1, last_seen_at = :now, holds = true,"
    " held_back = one.held, version = a.version + 1,"
    " told_at = case when one.held is null then :now else a.told_at end,"
    " context = a.context || cast(one.context as jsonb)"
    " from unnest(cast(:ids as uuid[]), cast(:contexts as text[]), cast(:held as text[]))"
    " one(id, context, held)"
    " where a.id = one.id and a.resolved_at is null returning a.id, a.key, a.severity"
)
_REOPEN = text(
    "update alerts a set status = 'active', resolved_at = null, resolution_notes = '',"
    " occurrences = a.occurrences + 1, last_seen_at = :now, holds = true, held_back = one.held,"
    " next_escalation_at = one.next_at, escalation_level = 0, version = a.version + 1,"
    " context = a.context || cast(one.context as jsonb)"
    " from unnest(cast(:ids as uuid[]), cast(:contexts as text[]), cast(:held as text[]),"
    " cast(:next_at as timestamptz[])) one(id, context, held, next_at)"
    " where a.id = one.id and a.status = 'resolved' and a.resolved_by_id is null"
    " returning a.id, a.key, a.severity"
)
_CLEAR = text(
    "update alerts a set holds = false, last_seen_at = :now, version = a.version + 1,"
    " status = case when one.ends then 'resolved' else a.status end,"
    " resolved_at = case when one.ends then :now else null end,"
    " resolution_notes = case when one.ends then one.notes else a.resolution_notes end,"
    " next_escalation_at = case when one.ends then null else a.next_escalation_at end,"
    " remind_at = case when one.ends then null else a.remind_at end,"
    " context = a.context || cast(one.context as jsonb)"
    " from unnest(cast(:ids as uuid[]), cast(:ends as bool[]), cast(:notes as text[]),"
    " cast(:contexts as text[])) one(id, ends, notes, context)"
    " where a.id = one.id and a.resolved_at is null returning a.id, a.key, a.severity"
)
_DISARM = text(
    "update timers set state = 'cancelled' where id in (select id from timers"
    " where subject_id = any(cast(:ids as uuid[])) and state = 'armed' and subject_type = 'alert'"
    " order by id for update skip locked)"
)
_TRIGGERED = text(
    "update alert_rules r set triggered_count = r.triggered_count + one.count,"
    " last_triggered_at = :now from unnest(cast(:ids as uuid[]), cast(:counts as int[]))"
    " one(id, count) where r.id = one.id"
)


def remember(rows: Sequence[StateRow]) -> None:
    """Store what rules remember."""
    if rows:
        ordered = sorted(rows)
        columns = zip(*ordered, strict=True)
        values: dict[str, Any] = dict(zip(StateRow._fields, map(list, columns), strict=True))
        values |= {"company": current_actor().company_id, "now": clock.now()}
        session().execute(_REMEMBER, values)


def repeat(rows: Sequence[Repeat]) -> None:
    """Fold repeats into open alerts."""
    if rows:
        ordered = sorted(rows, key=lambda row: row.alert_id)
        values = {"ids": [row.alert_id for row in ordered], "now": clock.now()}
        session().execute(_REPEAT, {**values, "contexts": _json(row.context for row in ordered)})


class Opened(NamedTuple):
    """An alert that is open once more; its severity may have risen before."""

    key: str
    severity: str


def resume(rows: Sequence[Repeat], held: Sequence[str | None]) -> dict[UUID, Opened]:
    """Note that causes are back whose alerts never ended; return those alerts."""
    if not rows:
        return {}
    values = {
        "ids": [row.alert_id for row in rows],
        "contexts": _json(row.context for row in rows),
        "held": list(held),
        "now": clock.now(),
    }
    return _opened(_RESUME, values)


def reopen(
    rows: Sequence[Repeat], held: Sequence[str | None], next_at: Sequence[datetime | None]
) -> dict[UUID, Opened]:
    """Open alerts again that had just cleared by themselves; return those opened."""
    if not rows:
        return {}
    values = {
        "ids": [row.alert_id for row in rows],
        "contexts": _json(row.context for row in rows),
        "held": list(held),
        "next_at": list(next_at),
        "now": clock.now(),
    }
    return _opened(_REOPEN, values)


def _opened(statement: TextClause, values: dict[str, Any]) -> dict[UUID, Opened]:
    rows = session().execute(statement, values)
    return {row.id: Opened(row.key, row.severity) for row in rows}


def clear(
    rows: Sequence[Repeat], *, ends: Sequence[bool], notes: Sequence[str]
) -> list[tuple[UUID, str, str]]:
    """Note that causes are gone; return id, key and severity of the alerts that were open."""
    if not rows:
        return []
    values = {
        "ids": [row.alert_id for row in rows],
        "contexts": _json(row.context for row in rows),
        "ends": list(ends),
        "notes": list(notes),
        "now": clock.now(),
    }
    found = session().execute(_CLEAR, values).all()
    return sorted((row.id, row.key, row.severity) for row in found)


def disarm(ids: Sequence[UUID]) -> None:
    """Take back every moment that waits for these alerts."""
    if ids:
        session().execute(_DISARM, {"ids": list(ids)})


def count_triggers(counts: dict[UUID, int]) -> None:
    """Remember when rules last raised something, and how often."""
    if counts:
        ids = sorted(counts)
        values = {"ids": ids, "counts": [counts[one] for one in ids], "now": clock.now()}
        session().execute(_TRIGGERED, values)


def _json(contexts: Any) -> list[str]:
    return [orjson.dumps(one).decode() for one in contexts]
