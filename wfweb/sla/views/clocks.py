"""One clock: its receipt and story, the way to its subject, and holding it by hand."""

from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, NotFound, ValidationFailed, by_field
from wfweb.kernel.web import fragment, page, respond, whole_number
from wfweb.sla import board, by_hand
from wfweb.sla.clocks import Row
from wfweb.sla.models import SlaClock
from wfweb.sla.views import account, bp
from wfweb.sla.views.asked import back_to_board
from wfweb.sla.views.board import VIEW

UNPROCESSABLE = 422


def visible(clock_id: UUID) -> SlaClock:
    """Return a clock the actor may see.

    :raises NotFound: also for a clock about a record that may not be seen.
    """
    found = board.visible_clock(clock_id)
    if found is None:
        raise NotFound
    return found


@bp.get("/sla/<uuid:clock_id>")
@requires(VIEW)
def clock(clock_id: UUID) -> ResponseReturnValue:
    """Show how a deadline is counted, to the second, and what happened to it."""
    with transaction():
        return page("sla/clock.html", **account.of(visible(clock_id)))


@bp.get("/sla/<uuid:clock_id>/hold")
@requires(by_hand.PAUSE)
def hold(clock_id: UUID) -> ResponseReturnValue:
    """Ask why to pause, or whether to resume; a page for browsers without script."""
    with transaction():
        return page("sla/hold.html", **_hold(clock_id))


@bp.get("/sla/<uuid:clock_id>/hold/dialog")
@requires(by_hand.PAUSE)
def hold_dialog(clock_id: UUID) -> ResponseReturnValue:
    """Ask the same in a dialog over the board."""
    with transaction():
        return fragment("sla/_hold_dialog.html", **_hold(clock_id))


def _hold(clock_id: UUID) -> dict[str, Any]:
    found = visible(clock_id)
    return {
        "clock": found,
        "back": back_to_board(request.args.get("back")),
        "errors": [],
        "wrong": {},
        "reason": "",
    }


@bp.post("/sla/<uuid:clock_id>/hold")
@requires(by_hand.PAUSE)
def act(clock_id: UUID) -> ResponseReturnValue:
    """Pause with a reason, or resume."""
    back = back_to_board(request.form.get("back"))
    reason, version = request.form.get("reason", ""), whole_number(request.form.get("version"))
    pauses = request.form.get("act") != "resume"
    try:
        with transaction():
            visible(clock_id)
            if pauses:
                row = by_hand.pause(clock_id, reason, version=version)
            else:
                row = by_hand.resume(clock_id, version=version)
            said = _said(row, by_hand_paused=pauses)
    except ValidationFailed as refusal:
        return _again(clock_id, back, reason, refusal.errors)
    flash(said, "ok")
    return respond(_at(back, clock_id))


def _said(row: Row, *, by_hand_paused: bool) -> str:
    if row.status != "paused":
        return "The clock runs again."
    if by_hand_paused:
        return f"Paused: {row.pause_reason}."
    return f"Now only its definition pauses it: {row.pause_reason}. It runs when that is over."


def _again(clock_id: UUID, back: str, reason: str, errors: list[FieldError]) -> Response:
    with transaction():
        return page(
            "sla/hold.html",
            status=UNPROCESSABLE,
            clock=visible(clock_id),
            back=back,
            errors=errors,
            wrong=by_field(errors),
            reason=reason,
        )


def _at(back: str, clock_id: UUID) -> str:
    """Return the board's address with the card that takes the focus."""
    joined = "&" if "?" in back else "?"
    return f"{back}{joined}at={clock_id}" if back.startswith("/sla?") or back == "/sla" else back
