"""The numbers on the tabs, and whether there is news, from the indexes that the lists use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select

from wfweb.approvals.inbox import ASKED, IS_OPEN, of_company, waits_on_others
from wfweb.approvals.models import ApprovalAssignment, ApprovalRequest
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session

_CAP = 1000


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers on the tabs. ``waiting`` and ``requested`` stop counting at 1000."""

    needs_me: int
    for_others: int
    waiting: int
    requested: int
    at_risk: int


def _capped(condition: ColumnElement[bool]) -> Any:
    inner = select(ApprovalRequest.id).where(of_company(), condition).limit(_CAP).subquery()
    return select(func.count()).select_from(inner).scalar_subquery()


def counts(user_id: UUID) -> Counts:
    """Return the numbers on the tabs, in one statement."""
    return Counts(*session().execute(select(*_numbers(user_id))).one())


def standing(user_id: UUID) -> tuple[Counts, int]:
    """Return the numbers on the tabs and the version of the lists, in one statement."""
    query: Select[Any] = select(*_numbers(user_id), *_moments(user_id))
    *numbers, seat_at, request_at, count = session().execute(query).one()
    return Counts(*numbers), _version(seat_at, request_at, count)


def _numbers(user_id: UUID) -> Sequence[Any]:
    waiting = (
        select(func.count(), func.count(ApprovalAssignment.on_behalf_of_id))
        .where(
            ApprovalAssignment.company_id == current_actor().company_id,
            ApprovalAssignment.user_id == user_id,
            ASKED,
        )
        .subquery()
    )
    mine = and_(IS_OPEN, ApprovalRequest.requester_id == user_id)
    return (
        *waiting.c,
        _capped(waits_on_others(user_id)),
        _capped(mine),
        _capped(and_(IS_OPEN, ApprovalRequest.at_risk)),
    )


def counts_by_type(user_id: UUID) -> dict[str, int]:
    """Return how many requests of each record type wait for somebody."""
    query = (
        select(ApprovalRequest.record_type_code, func.count())
        .join(ApprovalAssignment, ApprovalAssignment.request_id == ApprovalRequest.id)
        .where(
            ApprovalAssignment.company_id == current_actor().company_id,
            ApprovalAssignment.user_id == user_id,
            ASKED,
        )
        .group_by(ApprovalRequest.record_type_code)
    )
    return {code: int(count) for code, count in session().execute(query)}


def version_for(user_id: UUID) -> int:
    """Return a number that changes when something on somebody's lists does; for 204 polls.

    Two index look-ups: the latest change of a seat, and the latest of an own open request.
    """
    query: Select[Any] = select(*_moments(user_id))
    return _version(*session().execute(query).one())


def _moments(user_id: UUID) -> Sequence[Any]:
    seats = select(func.max(ApprovalAssignment.changed_at)).where(
        ApprovalAssignment.user_id == user_id
    )
    own = (
        select(ApprovalRequest.updated_at)
        .where(of_company(), ApprovalRequest.requester_id == user_id, IS_OPEN)
        .order_by(ApprovalRequest.id.desc())
        .limit(_CAP)
        .subquery()
    )
    requests = select(func.max(own.c.updated_at))
    few = (
        select(ApprovalAssignment.id)
        .where(
            ApprovalAssignment.company_id == current_actor().company_id,
            ApprovalAssignment.user_id == user_id,
            ASKED,
        )
        .limit(_CAP)
        .subquery()
    )
    return (
        seats.scalar_subquery(),
        requests.scalar_subquery(),
        select(func.count()).select_from(few).scalar_subquery(),
    )


def _version(seat_at: datetime | None, request_at: datetime | None, count: int) -> int:
    latest = max((at for at in (seat_at, request_at) if at is not None), default=None)
    # Two commits can carry one instant; the count tells them apart in nearly every case.
    return (int(latest.timestamp() * 1_000_000) * 1024 if latest else 0) + int(count)
