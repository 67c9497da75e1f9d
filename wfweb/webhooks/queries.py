"""What is known of endpoints and of what they were sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select

from wfweb.events.models import OutboxMessage
from wfweb.events.retry import FAILED
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.webhooks.models import WebhookCall, WebhookEndpoint

_CODE = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes of a message: its next try, or that there is none unless somebody asks."""

    next_at: datetime | None
    given_up: bool


def is_code(text: str) -> bool:
    """Tell whether a text may name an endpoint."""
    return _CODE.fullmatch(text) is not None


def endpoints() -> Select[WebhookEndpoint]:
    """Return the selection of all endpoints."""
    return select(WebhookEndpoint)


def all_endpoints() -> Sequence[WebhookEndpoint]:
    """Return all endpoints by name."""
    query = endpoints().order_by(WebhookEndpoint.name, WebhookEndpoint.id)
    return session().scalars(query).all()


def codes() -> frozenset[str]:
    """Return the codes of the endpoints that are switched on."""
    return frozenset(session().scalars(select(WebhookEndpoint.code).where(WebhookEndpoint.active)))


def endpoint(endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """Return one endpoint.

    :raises NotFound: when there is none.
    """
    query = endpoints().where(WebhookEndpoint.id == endpoint_id)
    found = session().scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound
    return found


def by_code(code: str) -> WebhookEndpoint | None:
    """Return the endpoint of a code."""
    return session().scalar(endpoints().where(WebhookEndpoint.code == code))


def calls(endpoint_id: UUID) -> Select[WebhookCall]:
    """Return the selection of what was sent to an endpoint."""
    return select(WebhookCall).where(WebhookCall.endpoint_id == endpoint_id)


def newest_calls(endpoint_id: UUID, *, limit: int = 50) -> Sequence[WebhookCall]:
    """Return the last messages to an endpoint, newest first."""
    newest = calls(endpoint_id).order_by(WebhookCall.id.desc()).limit(limit)
    return session().scalars(newest).all()


def call(call_id: UUID) -> WebhookCall:
    """Return one message.

    :raises NotFound: when there is none.
    """
    found = session().scalar(select(WebhookCall).where(WebhookCall.id == call_id))
    if found is None:
        raise NotFound
    return found


def outlooks(told: Iterable[WebhookCall]) -> Mapping[UUID, Outlook]:
    """Return by id what comes of those messages that are not delivered and were tried once."""
    waiting = {one.outbox_id: one.id for one in told if one.state != "delivered" and one.outbox_id}
    wanted = select(OutboxMessage.id, OutboxMessage.state, OutboxMessage.next_at)
    rows_ = session().execute(wanted.where(OutboxMessage.id.in_(waiting))).all()
    return {
        waiting[message_id]: Outlook(next_at if state == "pending" else None, state in FAILED)
        for message_id, state, next_at in rows_
    }
