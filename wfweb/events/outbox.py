"""Storing effects: an outbox row in the same transaction as its cause."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from wfweb.events.models import OutboxMessage
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.context import correlation_id
from wfweb.kernel.db import after_commit
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.kernel.queue import nudge

_TABLE: Any = OutboxMessage.__table__


def enqueue(
    kind: str,
    payload: Mapping[str, Any],
    *,
    key: str | None = None,
    delay_seconds: float = 0,
    correlation: UUID | None = None,
) -> UUID:
    """Store an effect to be delivered after the commit; return its stable message id.

    :param key: makes the message unique per company and kind.
    :param delay_seconds: deliver no earlier than this many seconds from now.
    """
    actor = current_actor()
    message_id = new_id()
    now = clock.now()
    journal().insert(
        _TABLE,
        {
            "id": message_id,
            "company_id": actor.company_id,
            "kind": kind,
            "key": key,
            "payload": payload,
            "created_at": now,
            "next_at": now + timedelta(seconds=delay_seconds),
            "correlation_id": correlation or correlation_id(),
            "actor_id": actor.id or actor.on_behalf_of,
            "actor_name": actor.name,
        },
    )
    after_commit(nudge)
    return message_id
