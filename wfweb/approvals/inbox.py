"""Who can act now, and what else concerns somebody: one query each, pages by keyset.

``waiting_for`` is THE query of who can act now: inbox, counters, mails and API all read it,
from one partial index whose rows are exactly the open questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from wfweb.approvals.models import (
    OPEN_STATUSES,
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
    ApprovalView,
)
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.records.queries import like

LIMIT = 50
MAX_TEXT = 100
RECENT = timedelta(days=90)
_FOREVER: ColumnElement[Any] = literal_column("'infinity'::timestamptz")

Due = Literal["overdue", "today", "week"]
Whose = Literal["all", "mine", "for_others"]
Part = Literal["open", "sent_back", "decided"]
Sort = Literal["due", "newest", "amount"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; amounts are compared whatever the currency."""

    type_code: str | None = None
    text: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    due: Due | None = None
    whose: Whose = "all"
    requester: str | None = None
    at_risk: bool = False
    sort: Sort = "due"

    @property
    def active(self) -> int:
        """How many filters narrow the list."""
        given = (self.type_code, self.text, self.minimum, self.maximum, self.due)
        return sum(one is not None for one in given) + (self.whose != "all") + self.at_risk


@dataclass(frozen=True, slots=True)
class Row:
    """One request in a list. ``assignment_id`` is the reader's own seat, where there is one."""

    request_id: UUID
    key: str
    round: int
    title: str
    status: str
    outcome_reason: str | None
    record_id: UUID
    record_key: str
    type_code: str
    amount: Decimal | None
    currency: str | None
    requester_id: UUID | None
    requester_name: str | None
    level: int
    levels: int
    digest: str
    at_risk: bool
    at_risk_reason: str | None
    due_at: datetime | None
    created_at: datetime
    decided_at: datetime | None
    counts_from: datetime | None = None
    calendar_version: str | None = None
    assignment_id: UUID | None = None
    asked_at: datetime | None = None
    why: str | None = None
    for_name: str | None = None
    level_name: str | None = None
    rule_text: str | None = None
    quorum: str | None = None
    seen_digest: str | None = None
    decision: str | None = None
    at: datetime | None = None

    @property
    def changed_since_seen(self) -> bool:
        """Whether the reader has seen another content than the one asked now."""
        return self.seen_digest is not None and self.seen_digest != self.digest


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor of the next page."""

    rows: Sequence[Row]
    after: str | None


_Requester = aliased(User, name="requester")
_Principal = aliased(User, name="principal")
ASKED = and_(ApprovalAssignment.status == "pending", ApprovalAssignment.asked_at.is_not(None))
IS_OPEN = ApprovalRequest.status.in_(OPEN_STATUSES)

_REQUEST: tuple[Any, ...] = (
    ApprovalRequest.id,
    ApprovalRequest.key,
    ApprovalRequest.round,
    ApprovalRequest.title,
    ApprovalRequest.status,
    ApprovalRequest.outcome_reason,
    ApprovalRequest.record_id,
    ApprovalRequest.record_key,
    ApprovalRequest.record_type_code,
    ApprovalRequest.amount,
    ApprovalRequest.currency,
    ApprovalRequest.requester_id,
    _Requester.name,
    ApprovalRequest.current_level,
    ApprovalRequest.levels_total,
    ApprovalRequest.digest,
    ApprovalRequest.at_risk,
    ApprovalRequest.at_risk_reason,
    ApprovalRequest.due_at,
    ApprovalRequest.created_at,
    ApprovalRequest.decided_at,
    cast(ApprovalLevel.receipt["start"].astext, DateTime(timezone=True)),
    ApprovalLevel.receipt[("calendar", "version_id")].astext,
)
_CURRENT = and_(
    ApprovalLevel.request_id == ApprovalRequest.id,
    ApprovalLevel.number == ApprovalRequest.current_level,
)


def of_company() -> ColumnElement[bool]:
    """Return what holds for requests of the current company."""
    return ApprovalRequest.company_id == current_actor().company_id


def waiting_for(
    user_id: UUID, filters: Filters | None = None, *, after: str | None = None, limit: int = LIMIT
) -> Page:
    """Return what somebody can decide now, soonest due first unless the filters sort otherwise.

    :raises ValidationFailed: for a cursor that is none.
    """
    query: Select[Any] = (
        select(
            *_REQUEST,
            ApprovalAssignment.id,
            ApprovalAssignment.asked_at,
            ApprovalAssignment.why,
            _Principal.name,
            ApprovalLevel.name,
            ApprovalLevel.rule_text,
            ApprovalLevel.quorum,
            ApprovalView.digest,
        )
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalAssignment.request_id)
        .join(ApprovalLevel, ApprovalLevel.id == ApprovalAssignment.level_id)
        .outerjoin(_Requester, _Requester.id == ApprovalRequest.requester_id)
        .outerjoin(_Principal, _Principal.id == ApprovalAssignment.on_behalf_of_id)
        .outerjoin(
            ApprovalView,
            and_(ApprovalView.request_id == ApprovalRequest.id, ApprovalView.user_id == user_id),
        )
        .where(
            ApprovalAssignment.company_id == current_actor().company_id,
            ApprovalAssignment.user_id == user_id,
            ASKED,
        )
    )
    wanted = filters or Filters()
    return _sorted(_narrow(query, wanted, of_seat=True), _ORDERS[wanted.sort], after, limit)


@dataclass(frozen=True, slots=True)
class _Order:
    """An order of open seats: a value that may be missing, what stands for it then, and the id."""

    column: Any
    kind: type
    missing: ColumnElement[Any]
    falling: bool


_ORDERS: dict[Sort, _Order] = {
    "due": _Order(ApprovalAssignment.due_at, datetime, _FOREVER, falling=False),
    "newest": _Order(
        ApprovalAssignment.asked_at, datetime, literal_column("'-infinity'::timestamptz"), True
    ),
    "amount": _Order(
        ApprovalRequest.amount, Decimal, literal_column("'-Infinity'::numeric"), falling=True
    ),
}


def _sorted(query: Select[Any], order: _Order, after: str | None, limit: int) -> Page:
    value, seat = func.coalesce(order.column, order.missing), ApprovalAssignment.id
    last = decode_cursor(after, 2, ((order.kind, type(None)), UUID))
    if last is not None:
        place = tuple_(order.missing if last[0] is None else last[0], last[1])
        here = tuple_(value, seat)
        query = query.where(here < place if order.falling else here > place)
    by = (value.desc(), seat.desc()) if order.falling else (value, seat)
    query = query.add_columns(order.column).order_by(*by).limit(limit + 1)
    found = session().execute(query).all()
    shown = [Row(*row[:-1]) for row in found[:limit]]
    return _page(shown, (found[limit - 1][-1], shown[-1].assignment_id) if found[limit:] else None)


def _page(shown: list[Row], place: Sequence[Any] | None) -> Page:
    return Page(shown, encode_cursor(place) if place else None)


def _narrow(query: Select[Any], filters: Filters, *, of_seat: bool) -> Select[Any]:
    if filters.type_code:
        query = query.where(ApprovalRequest.record_type_code == filters.type_code)
    if filters.minimum is not None:
        query = query.where(ApprovalRequest.amount >= filters.minimum)
    if filters.maximum is not None:
        query = query.where(ApprovalRequest.amount <= filters.maximum)
    if filters.at_risk:
        query = query.where(ApprovalRequest.at_risk)
    text, requester = _clean(filters.text), _clean(filters.requester)
    if text:
        query = query.where(_contains(text))
    if requester:
        query = query.where(_Requester.name.ilike(like(requester)))
    if of_seat and filters.whose != "all":
        for_others = ApprovalAssignment.on_behalf_of_id.is_not(None)
        query = query.where(for_others if filters.whose == "for_others" else ~for_others)
    if filters.due is not None:
        column = ApprovalAssignment.due_at if of_seat else ApprovalRequest.due_at
        query = query.where(column < _until(filters.due))
    return query


def _until(due: Due) -> datetime:
    days = {"overdue": 0, "today": 1, "week": 7}[due]
    return clock.now() + timedelta(days=days)


def _clean(text: str | None) -> str:
    return (text or "").replace("\x00", "").strip()[:MAX_TEXT]


def _contains(text: str) -> ColumnElement[bool]:
    keys = (ApprovalRequest.key, ApprovalRequest.record_key)
    return or_(*(one.ilike(like(text)) for one in (ApprovalRequest.title, *keys, _Requester.name)))


def _requests() -> Select[Any]:
    query = select(*_REQUEST).outerjoin(_Requester, _Requester.id == ApprovalRequest.requester_id)
    return query.outerjoin(ApprovalLevel, _CURRENT).where(of_company())


def _newest(query: Select[Any], after: str | None, limit: int) -> Page:
    last = decode_cursor(after, 1, (UUID,))
    if last is not None:
        query = query.where(ApprovalRequest.id < last[0])
    found = session().execute(query.order_by(ApprovalRequest.id.desc()).limit(limit + 1)).all()
    shown = [Row(*row) for row in found[:limit]]
    return _page(shown, (shown[-1].request_id,) if len(found) > limit else None)


def my_requests(
    user_id: UUID,
    filters: Filters | None = None,
    *,
    part: Part | None = None,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page:
    """Return what somebody asked for, newest first.

    :param part: only what is open, what was sent back and waits for them, or what has ended;
        without it, every round.
    :raises ValidationFailed: for a cursor that is none.
    """
    query = _requests().where(ApprovalRequest.requester_id == user_id)
    if part is not None:
        query = query.where(_of_part(part))
    return _newest(_narrow(query, filters or Filters(), of_seat=False), after, limit)


def _of_part(part: Part) -> ColumnElement[bool]:
    if part == "open":
        return IS_OPEN
    later = aliased(ApprovalRequest)
    sent_back = ApprovalRequest.outcome_reason == "sent_back"
    last = ~exists().where(later.previous_id == ApprovalRequest.id)
    return and_(~IS_OPEN, last, sent_back if part == "sent_back" else sent_back.is_not(True))


def waits_on_others(user_id: UUID) -> ColumnElement[bool]:
    """Return what holds for open requests that somebody has done their part of."""
    since = clock.now() - RECENT
    decided = select(ApprovalDecision.request_id).where(
        ApprovalDecision.company_id == current_actor().company_id,
        ApprovalDecision.user_id == user_id,
        ApprovalDecision.at > since,
    )
    asked = exists().where(
        ApprovalAssignment.request_id == ApprovalRequest.id,
        ApprovalAssignment.user_id == user_id,
        ASKED,
    )
    # One list of ids, not "or": each half has an index, and together they have none.
    own = aliased(ApprovalRequest)
    requested = select(own.id).where(
        own.company_id == current_actor().company_id,
        own.requester_id == user_id,
        own.status.in_(OPEN_STATUSES),
    )
    part = ApprovalRequest.id.in_(union_all(decided, requested))
    return and_(IS_OPEN, part, ~asked)


def waiting_on_others(
    user_id: UUID, filters: Filters | None = None, *, after: str | None = None, limit: int = LIMIT
) -> Page:
    """Return open requests that somebody asked for or has decided, and others have not yet.

    :raises ValidationFailed: for a cursor that is none.
    """
    query = _requests().where(waits_on_others(user_id))
    return _newest(_narrow(query, filters or Filters(), of_seat=False), after, limit)


def decided_by(
    user_id: UUID, filters: Filters | None = None, *, after: str | None = None, limit: int = LIMIT
) -> Page:
    """Return what somebody decided, latest first.

    :raises ValidationFailed: for a cursor that is none.
    """
    query = (
        select(*_REQUEST, ApprovalDecision.assignment_id, ApprovalDecision.decision)
        .add_columns(ApprovalDecision.at, ApprovalDecision.id)
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalDecision.request_id)
        .outerjoin(ApprovalLevel, _CURRENT)
        .outerjoin(_Requester, _Requester.id == ApprovalRequest.requester_id)
        .where(
            ApprovalDecision.company_id == current_actor().company_id,
            ApprovalDecision.user_id == user_id,
            ApprovalDecision.carried_from_id.is_(None),
        )
    )
    query = _narrow(query, filters or Filters(), of_seat=False)
    last = decode_cursor(after, 1, (UUID,))
    if last is not None:
        query = query.where(ApprovalDecision.id < last[0])
    found = session().execute(query.order_by(ApprovalDecision.id.desc()).limit(limit + 1)).all()
    rows = [
        replace(Row(*row[:-4]), assignment_id=row[-4], decision=row[-3], at=row[-2])
        for row in found[:limit]
    ]
    return _page(rows, (found[limit - 1][-1],) if len(found) > limit else None)


def at_risk(*, after: str | None = None, limit: int = LIMIT) -> Page:
    """Return the requests that nobody can settle, for administrators.

    :raises ValidationFailed: for a cursor that is none.
    """
    return _newest(_requests().where(ApprovalRequest.at_risk, IS_OPEN), after, limit)
