"""The door of outbox messages that call another system."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from wfweb.events.delivery import Later, Undeliverable
from wfweb.kernel import clock
from wfweb.kernel.db import forgettable, session, transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.jsontext import dumps
from wfweb.webhooks import health, queries, rules
from wfweb.webhooks.models import WebhookCall, WebhookEndpoint
from wfweb.webhooks.sending import Outgoing, Refused, post

SWITCHED_OFF = "the endpoint is switched off"


def deliver(payload: dict[str, Any]) -> None:
    """Send one message; at least once, always under the same id.

    No transaction is open while the other system is waited for.

    :raises Later: when it should be tried again, or the endpoint rests and it was not tried.
    :raises Undeliverable: when the endpoint is gone or switched off.
    """
    call_id = UUID(str(payload["call_id"]))
    try:
        outgoing, at = _outgoing(call_id, payload)
        if outgoing is None:
            return
        try:
            taken = post(outgoing, at)
        except Refused as refusal:
            _refused(call_id, refusal, int(payload["attempt"]))
        else:
            with transaction():
                forgettable()
                health.took(queries.call(call_id).endpoint_id, taken, clock.now())
                _note(
                    call_id,
                    state="delivered",
                    answer_status=taken.status,
                    error=None,
                    delivered_at=at,
                )
    except NotFound:  # the endpoint was taken away, and its messages with it
        return


def _outgoing(call_id: UUID, payload: dict[str, Any]) -> tuple[Outgoing | None, datetime]:
    with transaction():
        forgettable()
        now = clock.now()
        found = queries.call(call_id)
        if found.state == "delivered":
            return None, now
        endpoint = found.endpoint
        outbox_id = UUID(str(payload["message_id"]))
        if not endpoint.active:
            _note(call_id, outbox_id=outbox_id, state="failed", error=SWITCHED_OFF)
            outgoing, rests = None, None
        else:
            rests = health.rests_until(endpoint, now)
            _note(call_id, outbox_id=outbox_id, attempts=found.attempts + (rests is None))
            outgoing = _written(found, endpoint, now)
    if outgoing is None:
        raise Undeliverable(SWITCHED_OFF)
    if rests is not None:
        message = "the endpoint rests"
        raise Later(message, rests, counts=False)
    return outgoing, now


def _written(found: WebhookCall, endpoint: WebhookEndpoint, now: datetime) -> Outgoing:
    body = {"type": found.event, "timestamp": found.created_at, "data": found.payload}
    serves = endpoint.older_until is not None and endpoint.older_until > now
    return Outgoing(
        endpoint.url,
        endpoint.secret,
        f"msg_{found.id}",
        dumps(body).encode(),
        (endpoint.older_secret or "") if serves else "",
    )


def _refused(call_id: UUID, refusal: Refused, attempt: int) -> None:
    gone = refusal.status == rules.GONE
    final = gone or rules.is_last(attempt)
    with transaction():
        found = queries.call(call_id)
        until = health.refused(found.endpoint_id, refusal, clock.now())
        state = "failed" if final else "pending"
        _note(call_id, state=state, answer_status=refusal.status, error=str(refusal))
    if gone:
        raise Undeliverable(str(refusal))
    raise Later(str(refusal), until, counts=True)


def _note(call_id: UUID, **values: Any) -> None:
    """Write what is known of a message; that it was taken is never unsaid by a late worker."""
    open_still = WebhookCall.state != "delivered"
    statement = update(WebhookCall).where(WebhookCall.id == call_id, open_still)
    session().execute(statement.values(**values))
