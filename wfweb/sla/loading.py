"""Loading clocks: plain rows under lock, with what they are read by; and their ledgers."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.journal import journal
from wfweb.sla import checking, definitions, pinning, rules
from wfweb.sla.clocks import ALL_COLUMNS, COLUMNS, Held, Row
from wfweb.sla.ledger import Kind, Ledger, Segment
from wfweb.sla.models import SlaClock, SlaSegment

KEPT = 512
# All that terms depend on is pinned, so nothing ever has to be forgotten for being old.
_terms: OrderedDict[tuple[UUID, UUID | None, str | None], rules.Terms] = OrderedDict()


def hold(row: Row) -> Held:
    """Return a clock with the version and the working hours it is pinned to."""
    calendar = pinning.pinned(row.calendar_version_id, row.time_zone)
    key = (row.version_id, row.calendar_version_id, row.time_zone)
    terms = _terms.get(key)
    if terms is None:
        body = definitions.version_of(row.version_id).body
        terms = _terms[key] = checking.terms_of(body, calendar)
        if len(_terms) > KEPT:
            _terms.popitem(last=False)
    return Held(row, terms, calendar)


def rows(query: "Select[Any]") -> list[Row]:
    """Run a query over ``ALL_COLUMNS`` and return plain rows."""
    made = session().execute(query).all()
    return [Row(**dict(zip(COLUMNS, values, strict=True))) for values in made]


def clocks() -> "Select[Any]":
    """Return the query of all clocks of the current company."""
    return select(*ALL_COLUMNS).where(SlaClock.company_id == current_actor().company_id)


def locked(clock_id: UUID) -> Row:
    """Return one clock, locked until the act ends.

    :raises NotFound: when there is none.
    """
    journal().flush()
    found = rows(clocks().where(SlaClock.id == clock_id).with_for_update())
    if not found:
        raise NotFound("There is no such deadline.")
    return found[0]


def of_subjects(ids: Iterable[UUID]) -> dict[UUID, list[Row]]:
    """Return all clocks of subjects, ended ones too, locked; in the order they were made."""
    query = clocks().where(SlaClock.subject_id.in_(list(ids))).order_by(SlaClock.id)
    found: dict[UUID, list[Row]] = {}
    for row in rows(query.with_for_update()):
        found.setdefault(row.subject_id, []).append(row)
    return found


def ledgers(found: Sequence[Row]) -> dict[UUID, Ledger]:
    """Return the ledgers of clocks, the open stretch included, in one query."""
    query = (
        select(SlaSegment)
        .join(SlaClock, (SlaClock.id == SlaSegment.clock_id) & (SlaClock.round == SlaSegment.round))
        .where(SlaSegment.clock_id.in_([row.id for row in found]))
        .order_by(SlaSegment.clock_id, SlaSegment.seq)
    )
    closed: dict[UUID, list[Segment]] = {}
    for one in session().scalars(query):
        closed.setdefault(one.clock_id, []).append(_segment(one))
    return {row.id: _with_open(row, closed.get(row.id, [])) for row in found}


def _segment(row: SlaSegment) -> Segment:
    kind: Kind = "pause" if row.kind == "pause" else "run"
    return Segment(kind, row.started_at, row.ended_at, row.reason, row.owner_id)


def _with_open(row: Row, closed: list[Segment]) -> Ledger:
    if row.completed_at is not None:
        return Ledger(tuple(closed), "cancel" if row.status == "cancelled" else "stop")
    kind: Kind = "pause" if row.status == "paused" else "run"
    reason = row.pause_reason if kind == "pause" else None
    going = Segment(kind, row.segment_started_at, reason=reason, owner=row.owner_id)
    return Ledger((*closed, going))
