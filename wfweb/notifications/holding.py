"""Letting a mail wait: by the delay of its outbox message, or for the next digest."""

from wfweb.events.outbox import enqueue
from wfweb.kernel import clock
from wfweb.notifications.models import Delivery
from wfweb.notifications.rules import Hold

DELIVER = "mail.deliver"


def put(delivery: Delivery, hold: Hold) -> None:
    """Send a delivery on its way, now or later; a message sent before for it is then void.

    What waits for a digest gets no message of its own: the digest carries it.
    """
    delivery.waits, delivery.not_before, delivery.outbox_id = hold.why, hold.until, None
    if hold.why == "digest":
        return
    delay = (hold.until - clock.now()).total_seconds() if hold.until else 0
    delivery.outbox_id = enqueue(
        DELIVER, {"delivery_id": str(delivery.id)}, delay_seconds=max(0.0, delay)
    )
