"""What those who set deadlines do to one clock: move it to the live version, or cancel it."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.formats import datetime_text
from wfweb.kernel.web import page, respond, whole_number
from wfweb.sla import by_hand, definitions
from wfweb.sla.clocks import Row
from wfweb.sla.views import account, bp
from wfweb.sla.views.clocks import UNPROCESSABLE, visible
from wfweb.sla.views.definitions import EDIT


@bp.post("/sla/<uuid:clock_id>/version")
@requires(EDIT)
def move(clock_id: UUID) -> ResponseReturnValue:
    """Let a clock follow the live version of its definition: its story stays, its target moves."""

    def act() -> Row:
        found = definitions.find(visible(clock_id).definition_code)
        return by_hand.move(clock_id, found.current_version, version=_seen())

    return _done(clock_id, act, _moved)


def _moved(row: Row) -> str:
    due = f" Due {datetime_text(row.due_at)}." if row.due_at else ""
    return f"It follows the live version now.{due}"


@bp.post("/sla/<uuid:clock_id>/cancellation")
@requires(EDIT)
def cancel(clock_id: UUID) -> ResponseReturnValue:
    """End a clock without an outcome, with a reason."""

    def act() -> Row:
        visible(clock_id)
        return by_hand.cancel(clock_id, request.form.get("reason", ""), version=_seen())

    return _done(clock_id, act, _cancelled)


def _cancelled(row: Row) -> str:
    if row.breached_at is not None:
        return "The deadline is cancelled. It was late before, and the report goes on saying so."
    return "The deadline is cancelled. The report counts it as neither kept nor missed."


def _seen() -> int | None:
    return whole_number(request.form.get("version"))


def _done(
    clock_id: UUID, act: Callable[[], Row], words: Callable[[Row], str]
) -> ResponseReturnValue:
    try:
        with transaction():
            said = words(act())
    except ValidationFailed as refusal:
        with transaction():
            return page(
                "sla/clock.html",
                status=UNPROCESSABLE,
                **account.of(visible(clock_id)),
                errors=refusal.errors,
            )
    flash(said, "ok")
    return respond(url_for("sla.clock", clock_id=clock_id))
