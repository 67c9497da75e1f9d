"""What operators do with messages that ended badly: look, and try again."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update

from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import after_commit, session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.queue import nudge

FAILED = ("dead", "quarantined")


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
        .returning(OutboxMessage.id)
    )
    if session().execute(statement).scalar_one_or_none() is None:
        raise NotFound
    after_commit(nudge)
