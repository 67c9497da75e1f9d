"""The door of outbox messages that send a mail."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from wfweb.events.delivery import Undeliverable
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.db import forgettable, session, transaction
from wfweb.kernel.settings import get_settings
from wfweb.notifications import digests, holding, mail, rendering, rules
from wfweb.notifications.kinds import DIGEST
from wfweb.notifications.models import Delivery
from wfweb.notifications.preferences import wishes_of
from wfweb.notifications.rendering import Rendered
from wfweb.notifications.rules import Wishes
from wfweb.notifications.service import relevance

UNWANTED = "no longer concerns this person"


@dataclass(frozen=True, slots=True)
class _Letter:
    """A mail that may leave now."""

    rendered: Rendered
    address: str
    thread: str


def deliver_mail(payload: dict[str, Any]) -> None:
    """Send one mail; nothing is sent when it was sent before or concerns nobody any more.

    No transaction is open while the SMTP server is talked to. A crash between its answer and
    our note sends the mail again, under the same Message-ID.
    """
    delivery_id = UUID(str(payload["delivery_id"]))
    with transaction():
        forgettable()
        letter = _letter(delivery_id, payload.get("message_id"))
    if letter is None:
        return
    try:
        message = mail.compose(
            letter.rendered,
            to=letter.address,
            message_id=delivery_id,
            thread=letter.thread,
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


def _letter(delivery_id: UUID, message_id: Any) -> _Letter | None:
    """Return what is to be sent now; None when it must not leave, or not yet."""
    statement = select(Delivery).where(Delivery.id == delivery_id).with_for_update()
    delivery = session().scalar(statement)
    if delivery is None or delivery.state != "pending":
        return None
    if message_id is not None and str(delivery.outbox_id) != str(message_id):
        return None  # its reader chose anew meanwhile: another message or a digest carries it
    why_not = _why_not(delivery)
    if why_not:
        _close(delivery_id, state="skipped", error=why_not)
        return None
    if _is_quiet(delivery):
        return None
    context = delivery.context
    if delivery.kind == DIGEST:
        parts = _wanted_parts(delivery_id)
        if not parts:
            _close(delivery_id, state="skipped", error="nothing in it concerns this person now")
            return None
        context = digests.context_of(parts)
    rendered = rendering.render(rendering.kind_of(delivery.kind), context)
    _note(delivery_id, attempts=delivery.attempts + 1, subject_line=rendered.subject)
    return _Letter(rendered, delivery.address, delivery.thread)


def _why_not(delivery: Delivery) -> str:
    """Return why a mail is not to leave at all; empty when it is."""
    if delivery.user_id is None or not rendering.kind_of(delivery.kind).group:
        return ""
    user = session().get_one(User, delivery.user_id)
    if not user.active:
        return digests.GONE
    ask = relevance.get(delivery.subject_type)
    if ask is None or delivery.subject_id is None or ask(delivery.subject_id, delivery.user_id):
        return ""
    return UNWANTED


def _is_quiet(delivery: Delivery) -> bool:
    """Let a mail wait that would leave in quiet hours, as they are now."""
    kind = rendering.kind_of(delivery.kind)
    if delivery.user_id is None or delivery.urgent or not kind.group:
        return False
    wishes = wishes_of([delivery.user_id]).get(delivery.user_id, Wishes())
    zone = session().get_one(User, delivery.user_id).time_zone
    hold = rules.hold(wishes, "at_once", zone, clock.now())
    if hold.until is None:
        return False
    holding.put(delivery, hold)
    return True


def _wanted_parts(digest_id: UUID) -> list[Delivery]:
    """Return the parts that still concern their reader, and end the others."""
    wanted = []
    for part in digests.parts_of(digest_id):
        why_not = _why_not(part)
        if why_not:
            part.state, part.error = "skipped", why_not
        else:
            wanted.append(part)
    return wanted


def _note(delivery_id: UUID, **values: Any) -> None:
    session().execute(update(Delivery).where(Delivery.id == delivery_id).values(**values))


def _close(delivery_id: UUID, **values: Any) -> None:
    """End a delivery; what a secret kind carried is wiped, parts of a digest share its end."""
    kind = session().scalar(select(Delivery.kind).where(Delivery.id == delivery_id))
    if kind == DIGEST:
        digests.close_parts(delivery_id, **values)
    elif kind and rendering.kind_of(kind).secret:
        values["context"] = {}
    _note(delivery_id, **values)
