"""Reads of locks for pages, the API and other features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, or_, select, tuple_

from wfweb.identity.models import User
from wfweb.identity.policy import require
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.locks import database, policy, rows
from wfweb.locks.models import LockEvaluation, LockType, WorkflowLock
from wfweb.locks.releasing import Release, who_can_release
from wfweb.locks.rows import LockRow, due_at
from wfweb.records.models import Record, RecordType
from wfweb.records.policy import may_view
from wfweb.records.queries import like

__all__ = [
    "Detail",
    "Filters",
    "LockRow",
    "Page",
    "Release",
    "about",
    "counts",
    "dashboard",
    "detail",
    "history",
    "lock_types",
    "of_record",
    "summary",
    "who_can_release",
]

Status = Literal["locked", "unlocked", "expired", "all"]
MAX_TEXT = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list of locks is narrowed to; ``due_before`` by the moment it is looked at."""

    status: Status = "locked"
    severity: str | None = None
    lock_type: str | None = None
    record_type: str | None = None
    action: str | None = None
    text: str | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; ``after`` is the address of the next part."""

    rows: Sequence[LockRow]
    after: str | None
    releases: Mapping[UUID, Release]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One look at the cause of a lock."""

    at: datetime
    why: str
    outcome: str
    metric: str | None
    operator: str | None
    threshold: Decimal | None
    value: Decimal | None
    holds: bool | None
    by_name: str | None
    reason: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything on the page of a lock."""

    lock: LockRow
    cause: database.Cause
    release: Release
    history: Sequence[Evaluation]
    may_override: bool
    may_accept: bool


def dashboard(filters: Filters | None = None, *, after: str | None = None, limit: int = 50) -> Page:
    """Return the locks that the current actor may see, newest first.

    :raises Forbidden: without the permission to see all locks.
    :raises ValidationFailed: when ``after`` is no address of this list.
    """
    require(policy.VIEW)
    query = _narrowed(rows.statement().where(policy.mine(), policy.visible()), filters or Filters())
    last = decode_cursor(after, 2, (datetime, UUID))
    place = tuple_(WorkflowLock.locked_at, WorkflowLock.id)
    if last:
        query = query.where(place < tuple_(*last))
    ordered = query.order_by(WorkflowLock.locked_at.desc(), WorkflowLock.id.desc())
    found = rows.fetch(ordered.limit(limit + 1))
    shown = found[:limit]
    more = encode_cursor([shown[-1].locked_at, shown[-1].id]) if len(found) > limit else None
    return Page(shown, more, who_can_release(shown))


def _narrowed(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.status != "all":
        query = query.where(WorkflowLock.status == filters.status)
    if filters.severity:
        query = query.where(WorkflowLock.lock_severity == filters.severity)
    if filters.lock_type:
        query = query.where(WorkflowLock.lock_type == filters.lock_type)
    if filters.record_type:
        query = query.where(Record.type_code == filters.record_type)
    if filters.action:
        query = query.where(WorkflowLock.blocked_actions.contains([filters.action]))
    if filters.due_before:
        query = query.where(due_at <= filters.due_before)
    if filters.text:
        pattern = like(filters.text[:MAX_TEXT])
        query = query.where(or_(Record.key.ilike(pattern), Record.title.ilike(pattern)))
    return query


def counts() -> dict[str, int]:
    """Return how many locks stand and how many ended, of those the current actor may see.

    ``locked``, ``critical`` (of those standing), ``records`` (with one), ``unlocked``, ``expired``.

    :raises Forbidden: without the permission to see all locks.
    """
    require(policy.VIEW)
    standing = WorkflowLock.status == "locked"
    critical = WorkflowLock.lock_severity == "critical"
    query = (
        select(
            func.count().filter(standing).label("locked"),
            func.count().filter(standing, critical).label("critical"),
            func.count(WorkflowLock.record_id.distinct()).filter(standing).label("records"),
            func.count().filter(WorkflowLock.status == "unlocked").label("unlocked"),
            func.count().filter(WorkflowLock.status == "expired").label("expired"),
        )
        .join(Record, Record.id == WorkflowLock.record_id)
        .where(policy.mine(), policy.visible())
    )
    return dict(session().execute(query).mappings().one())


def standing(most: int = 1000) -> ScalarSelect[int]:
    """Return the count of locks standing on records that the actor may see, up to ``most``.

    A part of a statement, so that a page asks for all its numbers at once.
    """
    wanted = (
        select(WorkflowLock.id)
        .join(Record, Record.id == WorkflowLock.record_id)
        .where(policy.mine(), WorkflowLock.status == "locked", policy.visible())
    )
    return select(func.count()).select_from(wanted.limit(most).subquery()).scalar_subquery()


def of_record(record_id: UUID, *, ended: bool = False, limit: int = 100) -> list[LockRow]:
    """Return the locks that stand on a record, oldest first; with ``ended`` also the past ones.

    The caller has made sure that the record may be seen.
    """
    query = rows.statement().where(policy.mine(), WorkflowLock.record_id == record_id)
    if not ended:
        query = query.where(WorkflowLock.status == "locked")
    return rows.fetch(query.order_by(WorkflowLock.locked_at, WorkflowLock.id).limit(limit))


def about(record_id: UUID | ColumnElement[UUID]) -> tuple[Record, list[LockRow]] | None:
    """Return a record and the locks that stand on it; nothing when the actor may not see it.

    One statement as long as no lock stands: the flag is read anew, whatever the session holds.

    :param record_id: its id, or a part of a statement that finds it.
    """
    query = (
        select(Record, RecordType, Record.has_active_alerts.label("locked"))
        .join(RecordType, RecordType.id == Record.type_id)
        .where(Record.company_id == current_actor().company_id, Record.id == record_id)
    )
    row = session().execute(query).one_or_none()
    if row is None or not may_view(row.Record, row.RecordType):
        return None
    return row.Record, of_record(row.Record.id) if row.locked else []


def of_alert(alert_id: UUID) -> list[LockRow]:
    """Return the locks that an alert made, of those the current actor may see, oldest first."""
    query = rows.statement().where(
        policy.mine(), policy.visible(), WorkflowLock.alert_id == alert_id
    )
    return rows.fetch(query.order_by(WorkflowLock.locked_at, WorkflowLock.id))


def by_ids(lock_ids: Sequence[UUID]) -> list[LockRow]:
    """Return locks of the company by their ids, oldest first."""
    query = rows.statement().where(policy.mine(), WorkflowLock.id.in_(lock_ids))
    return rows.fetch(query.order_by(WorkflowLock.locked_at, WorkflowLock.id))


def one(lock_id: UUID) -> LockRow:
    """Return a lock whose record the current actor may see.

    :raises NotFound: also for those that may not be seen.
    """
    query = rows.statement().where(policy.mine(), policy.visible(), WorkflowLock.id == lock_id)
    found = rows.fetch(query)
    if not found:
        raise NotFound
    return found[0]


def detail(lock_id: UUID) -> Detail:
    """Return everything about a lock: its cause now, who can end it, what was looked at.

    :raises NotFound: when it does not exist or its record may not be seen.
    """
    lock, looks = one(lock_id), history(lock_id)
    may_override = lock.is_active and current_actor().may(policy.OVERRIDE)
    return Detail(
        lock=lock,
        cause=database.cause(lock.alert_id),
        release=who_can_release([lock])[lock.id],
        history=looks,
        may_override=may_override,
        may_accept=may_override and is_over(lock, looks),
    )


def is_over(lock: LockRow, looks: Sequence[Evaluation]) -> bool:
    """Tell whether the time of a standing lock is over, so that somebody may take its risk.

    It is when somebody was asked and has not renewed it since; also when the hour has passed and
    nothing has looked at it yet, because the worker was away.

    :param looks: every look at its cause, oldest first.
    """
    if lock.expires_at is not None and lock.expires_at <= clock.now():
        return True
    last = next((one for one in reversed(looks) if one.why in {"expiry", "renewed"}), None)
    return last is not None and last.outcome == "asked"


def history(lock_id: UUID) -> list[Evaluation]:
    """Return every look at the cause of a lock, oldest first; the first one made it."""
    query = (
        select(LockEvaluation, User.name)
        .outerjoin(User, User.id == LockEvaluation.by_id)
        .where(LockEvaluation.lock_id == lock_id)
        .order_by(LockEvaluation.id)
    )
    return [
        Evaluation(
            at=seen.at,
            why=seen.why,
            outcome=seen.outcome,
            metric=seen.metric,
            operator=seen.operator,
            threshold=seen.threshold,
            value=seen.value,
            holds=seen.holds,
            by_name=name,
            reason=seen.reason,
            next_at=seen.next_at,
        )
        for seen, name in session().execute(query)
    ]


def summary(record_id: UUID) -> dict[str, Any]:
    """Return the figures of a record's locks, as ``get_lock_summary`` answers them."""
    return database.summary(record_id)


def lock_types(*, inactive: bool = False) -> list[LockType]:
    """Return the kinds of locks of the company, by name."""
    query = select(LockType).where(LockType.company_id == current_actor().company_id)
    if not inactive:
        query = query.where(LockType.active)
    return list(session().scalars(query.order_by(LockType.name, LockType.code)))
