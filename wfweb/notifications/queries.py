"""Reads of notices and deliveries."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select

from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.notifications.models import Delivery, MessageTemplate, Notification


def is_shown() -> ColumnElement[bool]:
    """Return the condition that a notice is there for its reader: digests come at their time."""
    return Notification.shown_from.is_(None) | (Notification.shown_from <= clock.now())


def unread_count(user_id: UUID) -> ScalarSelect[int]:
    """Return the count of notices that a person has not read, as part of a statement."""
    unread = (Notification.user_id == user_id) & Notification.read_at.is_(None)
    counted = select(func.count()).select_from(Notification).where(unread, is_shown())
    return counted.scalar_subquery()


def notices(user_id: UUID, *, before: UUID | None, limit: int) -> Sequence[Notification]:
    """Return a person's notices, newest first."""
    query = select(Notification).where(Notification.user_id == user_id, is_shown())
    if before is not None:
        query = query.where(Notification.id < before)
    return session().scalars(query.order_by(Notification.id.desc()).limit(limit)).all()


def deliveries(
    *, state: str = "", text: str = "", before: UUID | None = None, limit: int = 50
) -> Sequence[Delivery]:
    """Return the company's mails, newest first."""
    query = select(Delivery)
    if state:
        query = query.where(Delivery.state == state)
    if text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = query.where(
            or_(Delivery.address.ilike(pattern), Delivery.subject_line.ilike(pattern))
        )
    if before is not None:
        query = query.where(Delivery.id < before)
    return session().scalars(query.order_by(Delivery.id.desc()).limit(limit)).all()


def delivery(delivery_id: UUID) -> Delivery:
    """Return one delivery.

    :raises NotFound: when there is none in this company.
    """
    found = session().scalar(
        select(Delivery).where(
            Delivery.id == delivery_id, Delivery.company_id == current_actor().company_id
        )
    )
    if found is None:
        raise NotFound
    return found


def own_words() -> dict[str, MessageTemplate]:
    """Return the company's own words by kind."""
    return {own.kind: own for own in session().scalars(select(MessageTemplate))}
