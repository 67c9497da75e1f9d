"""Locking and reading: the request row first, then everything a decision needs, in one wait.

Lock order everywhere: instance, request, then seats and record, with ascending ids in bulk.
The two statements travel together, but the second must be one of its own: under READ
COMMITTED it sees what committed while the first one waited, a joined row would not.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from wfweb.approvals.rows import Case, Level, Made, Request, Seat
from wfweb.kernel.db import session, translated
from wfweb.kernel.errors import NotFound
from wfweb.kernel.journal import journal

_REQUEST = tuple(Request.__dataclass_fields__)

# Asked by request, or by the seat a page or a mail was made for.
_READ = f"""
select {", ".join(f"q.{name}" for name in _REQUEST)}
from approval_requests q join workflow_instances i on i.id = q.instance_id
where q.id = any(array(
    select coalesce((select a.request_id from approval_assignments a where a.id = wanted), wanted)
    from unnest(%s::uuid[]) wanted))
order by q.id
"""  # noqa: S608 - column names of our own
_LOCK = f"{_READ} for no key update of i, q"

# The rule of a level travels once, with the first of its seats.
_CHAIN = """
select l.id, l.request_id, l.number, l.name, l.quorum, l.min_approvers, l.ordering, l.status,
    l.due_at, l.opened_at, l.closed_at, l.closed_because,
    case when lag(l.id) over chain is distinct from l.id then l.spec end,
    case when lag(l.id) over chain is distinct from l.id then l.resolution end,
    a.id, a.request_id, a.level_id, a.user_id, a.sequence, a.status, a.asked_at, a.due_at,
    a.source, a.role_id, a.on_behalf_of_id, u.name, u.active and u.kind = 'person',
    a.status <> 'pending' or (b.id is null or b.active) and (a.role_id is null or exists (
        select from user_roles m
        where m.user_id = coalesce(a.on_behalf_of_id, a.user_id) and m.role_id = a.role_id)),
    a.closed_at, a.closed_because, a.changed_at, b.name, b.id is null or b.active,
    d.id, d.assignment_id, d.user_id, d.user_name, d.on_behalf_of_id, d.decision, d.reason_code,
    d.digest, d.idempotency_key, d.request_status, d.at
from approval_levels l
left join approval_assignments a on a.request_id = l.request_id and a.level_id = l.id
left join users u on u.id = a.user_id
left join users b on b.id = a.on_behalf_of_id
left join approval_decisions d on d.assignment_id = a.id
where l.request_id = any(array(
    select coalesce((select s.request_id from approval_assignments s where s.id = wanted), wanted)
    from unnest(%s::uuid[]) wanted))
window chain as (order by l.request_id, l.number, a.sequence, a.id)
order by l.request_id, l.number, a.sequence, a.id
"""
_LEVEL_END, _SEAT_END = 14, 33


def lock_one(target_id: UUID) -> Case:
    """Lock one request, named by its own id or by the id of one of its assignments.

    :raises NotFound: when there is none in this company.
    """
    cases = lock_many([target_id])
    if not cases:
        raise NotFound
    return next(iter(cases.values()))


def read_one(request_id: UUID) -> Case:
    """Read a request with its chain without locking it, for pages.

    :raises NotFound: when there is none in this company.
    """
    cases = _fetch([request_id], _READ)
    if request_id not in cases:
        raise NotFound
    return cases[request_id]


def lock_many(target_ids: Iterable[UUID]) -> dict[UUID, Case]:
    """Lock requests in ascending order of id and read their chains; absent ones are left out."""
    return _fetch(target_ids, _LOCK)


def _fetch(target_ids: Iterable[UUID], statement: str) -> dict[UUID, Case]:
    wanted = list(dict.fromkeys(target_ids))
    # What this act has written so far must be in the database before it is read again.
    journal().flush()
    driver: Any = session().connection().connection.driver_connection
    with translated(), driver.pipeline(), driver.cursor() as locks, driver.cursor() as chains:
        locks.execute(statement, (wanted,))
        chains.execute(_CHAIN, (wanted,))
        cases = {row[0]: Case(Request(*row)) for row in locks.fetchall()}
        _attach(cases, chains.fetchall())
    return cases


def _attach(cases: dict[UUID, Case], rows: Sequence[Sequence[Any]]) -> None:
    for row in rows:
        case = cases.get(row[1])
        if case is None:
            continue
        level = case.levels.get(row[2])
        if level is None:
            level = case.levels[row[2]] = Level(*row[:_LEVEL_END])
        if row[_LEVEL_END] is not None:
            level.seats.append(_seat(row))


def _seat(row: Sequence[Any]) -> Seat:
    seat = Seat(*row[_LEVEL_END:_SEAT_END])
    if row[_SEAT_END] is not None:
        seat.made = Made(*row[_SEAT_END:])
    return seat


_OPEN_OF = """
select q.id from approval_requests q
where q.status in ('pending', 'escalated') and {condition}
order by q.id
"""


def open_requests_of_record(record_id: UUID) -> list[UUID]:
    """Return the requests that wait for somebody about a record."""
    return _ids(_OPEN_OF.format(condition="q.record_id = %s"), record_id)


def open_requests_of_instance(instance_id: UUID) -> list[UUID]:
    """Return the open request of an instance, as a list of none or one."""
    return _ids(_OPEN_OF.format(condition="q.instance_id = %s"), instance_id)


def open_requests_with_seat(user_id: UUID) -> list[UUID]:
    """Return the requests in which a person holds an open seat, or another one for them."""
    condition = (
        "q.id in (select request_id from approval_assignments"
        " where %s in (user_id, on_behalf_of_id) and status = 'pending')"
    )
    return _ids(_OPEN_OF.format(condition=condition), user_id)


def _ids(statement: str, value: UUID) -> list[UUID]:
    journal().flush()
    return list(session().connection().exec_driver_sql(statement, (value,)).scalars())
