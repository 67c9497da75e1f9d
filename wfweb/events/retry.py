"""What operators do with messages and moments that ended badly: look, and try again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import func, select, update

from wfweb.events.bus import Event, emit
from wfweb.events.models import OutboxMessage, Timer
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import after_commit, session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.queue import nudge

FAILED = ("dead", "quarantined")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnotherTry(Event):
    """An operator let something that was given up be tried again."""

    name: ClassVar[str] = "operations.retried"


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits to be delivered, and since when the oldest does."""

    count: int
    oldest_at: datetime | None


def failed_messages(*, limit: int = 100) -> Sequence[OutboxMessage]:
    """Return this company's messages that were given up, newest first."""
    query = select(OutboxMessage).where(OutboxMessage.state.in_(FAILED))
    return session().scalars(query.order_by(OutboxMessage.id.desc()).limit(limit)).all()


def retry_message(message_id: UUID) -> None:
    """Give a message that was given up all its tries back.

    :raises NotFound: when it was not given up, or is another company's.
    """
    mine = (OutboxMessage.id == message_id) & OutboxMessage.state.in_(FAILED)
    statement = (
        update(OutboxMessage)
        .where(mine, OutboxMessage.company_id == current_actor().company_id)
        .values(
            state="pending", attempts=0, unfinished_claims=0, next_at=clock.now(), relayed_at=None
        )
        .returning(OutboxMessage.kind)
    )
    kind = session().execute(statement).scalar_one_or_none()
    if kind is None:
        raise NotFound
    emit(GivenAnotherTry(target_type="message", target_id=message_id, target_label=kind))
    after_commit(nudge)


def failed_timers(*, limit: int = 100) -> Sequence[Timer]:
    """Return this company's moments whose handler failed every time, newest first."""
    query = select(Timer).where(
        Timer.state == "dead", Timer.company_id == current_actor().company_id
    )
    return session().scalars(query.order_by(Timer.id.desc()).limit(limit)).all()


def retry_timer(timer_id: UUID) -> None:
    """Let a moment that was given up fall due again now.

    :raises NotFound: when it was not given up, or is another company's.
    """
    mine = (Timer.id == timer_id) & (Timer.state == "dead")
    statement = (
        update(Timer)
        .where(mine, Timer.company_id == current_actor().company_id)
        .values(state="armed", attempts=0, due_at=clock.now())
        .returning(Timer.kind)
    )
    kind = session().execute(statement).scalar_one_or_none()
    if kind is None:
        raise NotFound
    emit(GivenAnotherTry(target_type="timer", target_id=timer_id, target_label=kind))


def waiting() -> Waiting:
    """Return how much of this company waits to be delivered."""
    query = select(func.count(), func.min(OutboxMessage.next_at)).where(
        OutboxMessage.company_id == current_actor().company_id, OutboxMessage.state == "pending"
    )
    count, oldest_at = session().execute(query).one()
    return Waiting(count, oldest_at)
