"""The sweep: clocks whose next level has come, found and written in batches, each crossing once.

``next_check_at`` of a clock is its due moment as a row. Any number of processes may sweep: a
clock that another one holds is skipped, and its crossing is written in the transaction that
moves its next check on, so a process that dies in between has done nothing at all.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from wfweb.kernel import clock
from wfweb.kernel.actor import system_actor
from wfweb.kernel.context import bind
from wfweb.kernel.db import session, transaction
from wfweb.sla import loading, telling
from wfweb.sla.clocks import Row, settle
from wfweb.sla.models import SlaClock

log = structlog.get_logger()

BATCH = 500
PUT_OFF = timedelta(minutes=10)

_DUE = text(
    "select distinct company_id from (select company_id from sla_clocks"
    " where next_check_at <= :now order by next_check_at limit :limit) as due"
)
_PUT_OFF = text(
    "update sla_clocks set next_check_at = :later where id = any(:ids) and next_check_at <= :now"
)


def sweep(limit: int = BATCH) -> int:
    """Write the levels that were reached in every company; return how many clocks were due."""
    with transaction(system=True):
        companies = list(session().scalars(_DUE, {"now": clock.now(), "limit": limit}))
    return sum(_sweep_company(company_id, limit) for company_id in companies)


def _sweep_company(company_id: UUID, limit: int) -> int:
    try:
        with bind(), transaction(actor=system_actor(company_id, channel="timer")):
            return len(_check(_claim(limit)))
    except Exception:
        log.exception("sla_sweep_failed", company_id=str(company_id))
    # One clock that cannot be read must not hold up the others: take them one by one.
    return sum(_sweep_one(company_id) for _ in range(limit) if _any_due(company_id))


def _sweep_one(company_id: UUID) -> int:
    claimed: list[UUID] = []
    try:
        with bind(), transaction(actor=system_actor(company_id, channel="timer")):
            rows = _claim(1)
            claimed = [row.id for row in rows]
            return len(_check(rows))
    except Exception:
        log.exception("sla_check_failed", clock_id=[str(one) for one in claimed])
    put_off(company_id, claimed)
    return 0


def put_off(company_id: UUID, clock_ids: Sequence[UUID]) -> None:
    """Let clocks that could not be checked wait, unless they ended or paused meanwhile."""
    with transaction(company_id=company_id):
        now = clock.now()
        values = {"ids": list(clock_ids), "now": now, "later": now + PUT_OFF}
        session().execute(_PUT_OFF, values)


def _any_due(company_id: UUID) -> bool:
    with transaction(company_id=company_id):
        due = loading.clocks().where(SlaClock.next_check_at <= clock.now()).limit(1)
        return session().execute(due).first() is not None


def _claim(limit: int) -> list[Row]:
    """Lock the clocks that are longest due, leaving those that somebody else holds."""
    query = loading.clocks().where(SlaClock.next_check_at <= clock.now())
    return loading.rows(
        query.order_by(SlaClock.next_check_at).limit(limit).with_for_update(skip_locked=True)
    )


def _check(rows: Sequence[Row]) -> Sequence[Row]:
    for row in rows:
        held = loading.hold(row)
        settle(held, clock.now())
        telling.record(held)
    return rows
