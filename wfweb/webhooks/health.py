"""How an endpoint fares: one that fails rests between tries, one that fails for days is stopped.

What is written here is no change that somebody made, so the version of the endpoint stays.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, update

from wfweb.kernel.db import session
from wfweb.webhooks import queries, rules, service
from wfweb.webhooks.models import WebhookEndpoint
from wfweb.webhooks.sending import Refused, Taken


def rests_until(endpoint: WebhookEndpoint, now: datetime) -> datetime | None:
    """Return until when an endpoint is to be left alone, or None and go ahead.

    While an endpoint fails, one message at a time is tried; whoever gets None tries it.
    """
    if endpoint.rests_until is not None and endpoint.rests_until > now:
        return endpoint.rests_until
    if endpoint.failing_since is None:
        return None
    rested = or_(WebhookEndpoint.rests_until.is_(None), WebhookEndpoint.rests_until <= now)
    mine = _note(endpoint.id, rested, rests_until=now + rules.PROBE)
    return None if mine else now + rules.PROBE


def took(endpoint_id: UUID, taken: Taken, now: datetime) -> None:
    """Note that an endpoint took a message."""
    slow = rules.rest_of_slow(taken.seconds)
    failed = or_(
        WebhookEndpoint.failing_since.is_not(None), WebhookEndpoint.rests_until.is_not(None)
    )
    if slow:
        _note(endpoint_id, failing_since=None, rests_until=now + slow)
    else:
        _note(endpoint_id, failed, failing_since=None, rests_until=None)


def refused(endpoint_id: UUID, refusal: Refused, now: datetime) -> datetime:
    """Note that an endpoint did not take a message; return until when it rests.

    One that says it is gone (410), or has taken nothing for :data:`rules.PATIENCE`, is stopped.
    """
    endpoint = queries.endpoint(endpoint_id, lock=True)
    session().refresh(endpoint)
    since = endpoint.failing_since or now
    asked = rules.retry_after(refusal.retry_after, now)
    until = now + rules.rest(refusal.status, since, now, asked)
    _note(endpoint_id, failing_since=since, rests_until=until)
    if not endpoint.active:
        return until
    if refusal.status == rules.GONE:
        service.stop_endpoint(endpoint, "The receiver answered 410: gone")
    elif now - since >= rules.PATIENCE:
        because = f"It has taken nothing since {since:%Y-%m-%d %H:%M} UTC. Last: {refusal}"
        service.stop_endpoint(endpoint, because)
    return until


def _note(endpoint_id: UUID, *only: Any, **values: Any) -> bool:
    statement = (
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, *only)
        .values(**values, updated_at=WebhookEndpoint.updated_at)
        .returning(WebhookEndpoint.id)
    )
    return session().execute(statement).one_or_none() is not None
