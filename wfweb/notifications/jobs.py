"""The door of outbox messages that send a mail."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from wfweb.events.delivery import Undeliverable
from wfweb.kernel import clock
from wfweb.kernel.db import forgettable, session, transaction
from wfweb.kernel.settings import get_settings
from wfweb.notifications import mail, rendering
from wfweb.notifications.models import Delivery
from wfweb.notifications.service import relevance


def deliver_mail(payload: dict[str, Any]) -> None:
    """Send one mail; nothing is sent when it was sent before or concerns nobody any more.

    No transaction is open while the SMTP server is talked to. A crash between its answer and
    our note sends the mail again, under the same Message-ID.
    """
    delivery_id = UUID(str(payload["delivery_id"]))
    with transaction():
        forgettable()
        delivery = session().scalar(select(Delivery).where(Delivery.id == delivery_id))
        if delivery is None or delivery.state != "pending":
            return
        if not _still_wanted(delivery):
            _close(delivery_id, state="skipped", error="no longer concerns this person")
            return
        rendered = rendering.render(rendering.kind_of(delivery.kind), delivery.context)
        _note(delivery_id, attempts=delivery.attempts + 1, subject_line=rendered.subject)
    try:
        message = mail.compose(
            rendered,
            to=delivery.address,
            message_id=delivery_id,
            thread=delivery.thread,
            settings=get_settings(),
        )
        mail.send(message, get_settings())
    except Undeliverable as error:
        with transaction():
            _close(delivery_id, state="failed", error=str(error)[:1000])
        raise
    except OSError as error:
        with transaction():
            _note(delivery_id, error=str(error)[:1000])
        raise
    with transaction():
        _close(delivery_id, state="sent", sent_at=clock.now(), error=None)


def _still_wanted(delivery: Delivery) -> bool:
    ask = relevance.get(delivery.subject_type)
    if ask is None or delivery.user_id is None or delivery.subject_id is None:
        return True
    return ask(delivery.subject_id, delivery.user_id)


def _note(delivery_id: UUID, **values: Any) -> None:
    session().execute(update(Delivery).where(Delivery.id == delivery_id).values(**values))


def _close(delivery_id: UUID, **values: Any) -> None:
    """End a delivery; what a secret kind carried is wiped."""
    kind = session().scalar(select(Delivery.kind).where(Delivery.id == delivery_id))
    if kind and rendering.kind_of(kind).secret:
        values["context"] = {}
    _note(delivery_id, **values)
