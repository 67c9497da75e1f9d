"""The door of outbox messages that call another system."""

from typing import Any
from uuid import UUID

from sqlalchemy import update

from wfweb.events.delivery import MAXIMUM_ATTEMPTS, Undeliverable
from wfweb.kernel import clock
from wfweb.kernel.db import forgettable, session, transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.jsontext import dumps
from wfweb.webhooks import queries, service
from wfweb.webhooks.models import WebhookCall
from wfweb.webhooks.sending import GONE, Outgoing, Refused, post


def deliver(payload: dict[str, Any]) -> None:
    """Send one message; at least once, always under the same id.

    No transaction is open while the other system is waited for.

    :raises Refused: when it should be tried again.
    :raises Undeliverable: when the endpoint is gone or switched off.
    """
    call_id = UUID(str(payload["call_id"]))
    try:
        outgoing = _outgoing(call_id, payload)
    except NotFound:
        return
    if outgoing is None:
        return
    with transaction():
        at = clock.now()
    try:
        status = post(outgoing, at)
    except Refused as refusal:
        _refused(call_id, refusal, int(payload["attempt"]))
        raise
    with transaction():
        forgettable()
        _note(call_id, state="delivered", answer_status=status, error=None, delivered_at=at)


def _outgoing(call_id: UUID, payload: dict[str, Any]) -> Outgoing | None:
    with transaction():
        forgettable()
        found = queries.call(call_id)
        if found.state == "delivered":
            return None
        endpoint = found.endpoint
        off = not endpoint.active
        _note(
            call_id,
            attempts=found.attempts + (not off),
            outbox_id=UUID(str(payload["message_id"])),
            **({"state": "failed", "error": "the endpoint is switched off"} if off else {}),
        )
        body = {"type": found.event, "timestamp": found.created_at, "data": found.payload}
        outgoing = Outgoing(endpoint.url, endpoint.secret, f"msg_{call_id}", dumps(body).encode())
    if off:
        message = "the endpoint is switched off"
        raise Undeliverable(message)
    return outgoing


def _refused(call_id: UUID, refusal: Refused, attempt: int) -> None:
    gone = refusal.status == GONE
    final = gone or attempt >= MAXIMUM_ATTEMPTS
    with transaction():
        state = "failed" if final else "pending"
        _note(call_id, state=state, answer_status=refusal.status, error=str(refusal))
        if gone:
            endpoint = queries.endpoint(queries.call(call_id).endpoint_id, lock=True)
            service.stop_endpoint(endpoint, "The receiver answered 410: gone")
    if gone:
        raise Undeliverable(str(refusal))


def _note(call_id: UUID, **values: Any) -> None:
    session().execute(update(WebhookCall).where(WebhookCall.id == call_id).values(**values))
