"""Clocks in the API: lists, one with its receipt, counts, and what people do by hand."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.api import endpoint
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.paging import keyset
from wfweb.sla import board, by_hand, loading, rules
from wfweb.sla.api import VIEW, bp
from wfweb.sla.clocks import COLUMNS, Row, elapsed_at
from wfweb.sla.errors import ClockEnded, ClockHeld
from wfweb.sla.models import LEVELS, SlaClock, SlaCrossing
from wfweb.sla.schemas import (
    ClockCountsOut,
    ClockOut,
    ClockPage,
    ClockQuery,
    CrossingOut,
    MoveIn,
    PauseIn,
    ReceiptOut,
    ResumeIn,
    SegmentOut,
    TurnOut,
)


@endpoint(
    bp,
    "GET",
    "/sla/clocks",
    response=ClockPage,
    query=ClockQuery,
    permission=VIEW,
    summary="List clocks",
)
def list_clocks(query: ClockQuery) -> ClockPage:
    """Return clocks in the order they were started."""
    statement = select(SlaClock).where(*_wanted(query))
    if query.subject_id is not None:
        statement = statement.where(SlaClock.subject_id == query.subject_id)
    rows, following = keyset(statement, [SlaClock.id], after=query.after, limit=query.limit)
    return ClockPage(items=[_out(_row(one)) for one in rows], next=following)


def _wanted(query: ClockQuery) -> list[ColumnElement[bool]]:
    actor = current_actor()
    ended = SlaClock.completed_at
    seen = board.visible_definitions()
    found: list[ColumnElement[bool]] = [
        SlaClock.company_id == actor.company_id,
        SlaClock.definition_id.in_(
            [one.id for one in seen if query.definition in {None, one.code}]
        ),
        ended.is_(None) if query.open else ended.is_not(None),
    ]
    mine = SlaClock.owner_id == actor.id
    if query.scope == "mine":
        found.append(mine)
    elif query.scope == "team":
        found.append(or_(mine, SlaClock.team.in_(sorted(actor.roles))))
    if query.level is not None:
        found.append(SlaClock.level == query.level)
    return found


@endpoint(
    bp,
    "GET",
    "/sla/counts",
    response=ClockCountsOut,
    permission=VIEW,
    summary="Count open clocks by level",
)
def count_clocks() -> ClockCountsOut:
    """Return how many clocks are open."""
    conditions = board.open_clocks(board.Filters(), board.visible_definitions())
    query = (
        select(SlaClock.level, func.count(), func.count().filter(SlaClock.status == "paused"))
        .where(*conditions)
        .group_by(SlaClock.level)
    )
    found = {level: (number, paused) for level, number, paused in session().execute(query)}
    return ClockCountsOut(
        levels={level: found.get(level, (0, 0))[0] for level in LEVELS},
        open=sum(number for number, _paused in found.values()),
        paused=sum(paused for _number, paused in found.values()),
    )


@endpoint(
    bp,
    "GET",
    "/sla/clocks/<uuid:clock_id>",
    response=ClockOut,
    permission=VIEW,
    summary="Get a clock",
)
def get_clock(clock_id: UUID) -> ClockOut:
    """Return one clock as it stands."""
    return _out(_visible(clock_id))


@endpoint(
    bp,
    "GET",
    "/sla/clocks/<uuid:clock_id>/receipt",
    response=ReceiptOut,
    permission=VIEW,
    summary="Get the receipt of a clock",
    description="What was counted and what was not, the stretches, turns and levels.",
)
def get_clock_receipt(clock_id: UUID) -> ReceiptOut:
    """Return everything a clock's due time depends on."""
    row = _visible(clock_id)
    ledger = loading.ledgers([row])[row.id]
    held = loading.hold(row)
    crossings = select(SlaCrossing).where(
        SlaCrossing.clock_id == row.id, SlaCrossing.round == row.round
    )
    return ReceiptOut(
        clock=_out(row),
        receipt=row.receipt,
        ledger=[SegmentOut.model_validate(one) for one in ledger.segments],
        turns=[
            TurnOut.model_validate(one)
            for one in rules.by_owner(ledger, held.calendar, row.completed_at or clock.now())
        ],
        crossings=[
            CrossingOut.model_validate(one)
            for one in session().scalars(crossings.order_by(SlaCrossing.at))
        ],
    )


@endpoint(
    bp,
    "POST",
    "/sla/clocks/<uuid:clock_id>/pause",
    request=PauseIn,
    response=ClockOut,
    versioned="optional",
    permission=by_hand.PAUSE,
    errors=[ClockEnded],
    summary="Pause a clock",
)
def pause_clock(clock_id: UUID, body: PauseIn, version: int | None) -> ClockOut:
    """Let a clock stand still until somebody resumes it."""
    _visible(clock_id)
    return _out(by_hand.pause(clock_id, body.reason, version=version))


@endpoint(
    bp,
    "POST",
    "/sla/clocks/<uuid:clock_id>/resume",
    request=ResumeIn,
    response=ClockOut,
    versioned="optional",
    permission=by_hand.PAUSE,
    errors=[ClockEnded, ClockHeld],
    summary="Resume a clock",
)
def resume_clock(clock_id: UUID, body: ResumeIn, version: int | None) -> ClockOut:  # noqa: ARG001 - the version is read from it
    """Let a paused clock run on."""
    _visible(clock_id)
    return _out(by_hand.resume(clock_id, version=version))


@endpoint(
    bp,
    "POST",
    "/sla/clocks/<uuid:clock_id>/cancel",
    request=PauseIn,
    response=ClockOut,
    versioned="optional",
    scope="admin",
    permission=by_hand.EDIT,
    errors=[ClockEnded],
    summary="Cancel a clock",
)
def cancel_clock(clock_id: UUID, body: PauseIn, version: int | None) -> ClockOut:
    """End a clock without an outcome."""
    _visible(clock_id)
    return _out(by_hand.cancel(clock_id, body.reason, version=version))


@endpoint(
    bp,
    "POST",
    "/sla/clocks/<uuid:clock_id>/move",
    request=MoveIn,
    response=ClockOut,
    versioned="optional",
    scope="admin",
    permission=by_hand.EDIT,
    errors=[ClockEnded],
    summary="Move a clock to another version of its definition",
    description="The audit holds due time and level before and after.",
)
def move_clock(clock_id: UUID, body: MoveIn, version: int | None) -> ClockOut:
    """Count a clock anew by another version."""
    _visible(clock_id)
    return _out(by_hand.move(clock_id, body.number, version=version))


def _visible(clock_id: UUID) -> Row:
    found = board.visible_clock(clock_id)
    if found is None or found.company_id != current_actor().company_id:
        raise NotFound("There is no such deadline.")
    return _row(found)


def _row(found: SlaClock) -> Row:
    return Row(**{name: getattr(found, name) for name in COLUMNS})


def _out(row: Row) -> ClockOut:
    """Return a clock with what it has elapsed until now."""
    elapsed = elapsed_at(loading.hold(row), clock.now())
    going = 0 if row.completed_at else rules.seconds_between(row.segment_started_at, clock.now())
    return ClockOut.model_validate(
        {
            **{name: getattr(row, name) for name in COLUMNS},
            "elapsed_seconds": elapsed,
            "remaining_seconds": row.target_seconds - elapsed,
            "wall_seconds": row.wall_seconds + max(0, going),
        }
    )
