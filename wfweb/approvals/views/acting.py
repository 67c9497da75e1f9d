"""What else is done to a request: talk, withdraw, ask again, repair."""

from collections.abc import Callable
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.approvals import queries, service
from wfweb.approvals.forms import read_ids
from wfweb.approvals.queries import RequestPage
from wfweb.approvals.views import bp
from wfweb.approvals.views.deciding import by_hand, chosen_person
from wfweb.approvals.views.requests import bar_of, show_page
from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import NotFound, ValidationFailed, by_field
from wfweb.kernel.web import respond


def _do(
    key: str, act: Callable[[RequestPage], object], said: str, kind: str
) -> ResponseReturnValue:
    """Do something to the latest round and come back to the page, or say what was wrong there.

    :param kind: names the form on the page that shows the errors.
    """
    try:
        with transaction():
            act(queries.request_page(key))
    except ValidationFailed as refusal:
        with transaction():
            found = queries.request_page(key)
            return show_page(
                found,
                bar_of(found),
                status=refusal.status,
                failed=kind,
                failures=refusal.errors,
                wrong=by_field(refusal.errors),
                typed=request.form,
            )
    flash(said, "ok")
    return respond(url_for("approvals.show", key=key))


@bp.post("/requests/<key>/comments")
@signed_in
def comment(key: str) -> ResponseReturnValue:
    """Ask the requester something, or answer; nobody's turn changes."""
    body = request.form.get("body", "")
    return _do(
        key, lambda found: service.ask(found.request.id, body), "Your comment is added.", "comment"
    )


@bp.post("/requests/<key>/withdrawal")
@signed_in
def withdraw(key: str) -> ResponseReturnValue:
    """Take one's request back."""
    by_hand()
    words = request.form.get("comment", "")
    return _do(
        key,
        lambda found: service.withdraw(found.request.id, comment=words),
        f"{key} is withdrawn. Change the record and ask again when you are ready.",
        "withdraw",
    )


@bp.post("/requests/<key>/rounds")
@signed_in
def resubmit(key: str) -> ResponseReturnValue:
    """Ask again: a new round under the same key."""
    by_hand()
    return _do(
        key, lambda found: service.resubmit(found.request.id), f"{key} is asked again.", "resubmit"
    )


@bp.post("/requests/<key>/approvers")
@signed_in
def add_approver(key: str) -> ResponseReturnValue:
    """Give somebody a further seat at the level that is asked."""
    by_hand()
    person, words = request.form.get("to", ""), request.form.get("comment", "")
    return _do(
        key,
        lambda found: service.add_approver(found.request.id, chosen_person(person), comment=words),
        "An approver is added.",
        "add",
    )


@bp.post("/requests/<key>/approvers/<seat>")
@signed_in
def reassign(key: str, seat: str) -> ResponseReturnValue:
    """Give a seat to somebody else."""
    by_hand()
    person, words = request.form.get("to", ""), request.form.get("comment", "")

    def act(found: RequestPage) -> UUID:
        (seat_id,) = read_ids([seat], "/to")
        if all(one.seat.id != seat_id for view in found.levels for one in view.seats):
            raise NotFound
        return service.reassign(seat_id, chosen_person(person), comment=words)

    return _do(key, act, "The seat is reassigned.", f"seat-{seat}")


@bp.post("/requests/<key>/resolution")
@signed_in
def resolve(key: str) -> ResponseReturnValue:
    """Look for the approvers again, from today's people, roles and rules."""
    by_hand()
    return _do(
        key,
        lambda found: service.re_resolve(found.request.id),
        "The rule was asked again who decides.",
        "resolve",
    )


@bp.post("/requests/<key>/escalation")
@signed_in
def escalate(key: str) -> ResponseReturnValue:
    """Ask the next ones up instead of the people who have not answered."""
    by_hand()
    words = request.form.get("comment", "")
    return _do(
        key,
        lambda found: service.escalate(found.request.id, reason=words),
        f"{key} is escalated. The next ones up are asked now.",
        "escalate",
    )
