"""What operators look after: messages and moments that were given up, and how far behind we are."""

from uuid import UUID

from flask import Blueprint, Response, url_for

from wfweb.events import retry
from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.web import page, respond

bp = Blueprint("operations", __name__, url_prefix="/operations")

PERMISSION = "operations.retry"


@bp.get("/messages")
@requires(PERMISSION)
def messages() -> Response:
    """Show what could not be delivered, what fell due in vain, and what still waits."""
    return page(
        "home/messages.html",
        messages=retry.failed_messages(),
        timers=retry.failed_timers(),
        waiting=retry.waiting(),
    )


@bp.post("/messages/<uuid:message_id>/retry")
@requires(PERMISSION)
def retry_message(message_id: UUID) -> Response:
    """Give a message all its tries back."""
    with transaction():
        retry.retry_message(message_id)
    return respond(url_for("operations.messages"), say="It is tried again")


@bp.post("/timers/<uuid:timer_id>/retry")
@requires(PERMISSION)
def retry_timer(timer_id: UUID) -> Response:
    """Let a moment fall due again, now."""
    with transaction():
        retry.retry_timer(timer_id)
    return respond(url_for("operations.messages"), say="It is tried again")
