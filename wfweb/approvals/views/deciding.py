"""Deciding on a page: plain form posts, answered by the next request of the list."""

from typing import Any, Final
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.approvals import queries, service
from wfweb.approvals.checking import Decision
from wfweb.approvals.forms import DecisionForm, inbox_of, read_decision, read_ids
from wfweb.approvals.queries import RequestPage
from wfweb.approvals.service import Outcome
from wfweb.approvals.showing import above
from wfweb.approvals.views import bp
from wfweb.approvals.views.requests import bar_of, refuse_wrong, show_page, waiting_rows
from wfweb.identity.access import current_user, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import AlreadyDecided, Forbidden, Stale, ValidationFailed
from wfweb.kernel.web import respond

PANEL_OF: Final = {"approve": "approve", "reject": "reject", "send_back": "changes"}
SAID: Final = {"approve": "Approved", "reject": "Rejected", "send_back": "Sent back"}


def by_hand() -> None:
    """Let through only what a person sent by pressing a button of a page (DECISIONS 5).

    A script, also one that found its way into a page, cannot make a browser navigate with
    our token and call it a person's press without that person seeing where it led.

    :raises Forbidden: for requests of scripts.
    """
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    if request.headers.get("HX-Request") or mode != "navigate":
        raise Forbidden(
            "Decisions are taken only from the form of their own page",
            permission="approvals.decide",
            risk="HIGH",
            code="not_by_hand",
        )


@bp.post("/requests/<key>/decision")
@signed_in
def decide(key: str) -> ResponseReturnValue:
    """Decide, and go on to the next request of the list the person came from."""
    by_hand()
    form = read_decision(request.form)
    with transaction():
        found = queries.request_page(key)
        confirm = _needs_second_step(found, form)
        onwards = next_of(found.request.key, form.back)
    if confirm:
        return respond(_address(key, form, panel="approve"))
    try:
        with transaction():
            outcome = service.decide(
                form.target,
                _decision(form),
                digest=form.digest,
                reason_code=form.reason_code,
                comment=form.comment,
                idempotency_key=form.key,
            )
    except Stale as refusal:
        return _changed_meanwhile(key, form, refusal)
    except AlreadyDecided as refusal:
        return _nothing_left(key, form, refusal)
    except ValidationFailed as refusal:
        return _again(key, form, refusal)
    # The decision's rows are written when its transaction ends, so only then the count is true.
    with transaction():
        left = queries.counts(current_user().id).needs_me
    flash(_said(outcome, left), "ok")
    return respond(_onwards(onwards, form.place, form.back, key))


def _decision(form: DecisionForm) -> Decision:
    for known in ("approve", "reject", "send_back"):
        if form.decision == known:
            return known
    raise ValidationFailed.at("/decision", "Choose what you decide", "choice")


def _needs_second_step(found: RequestPage, form: DecisionForm) -> bool:
    user = current_user()
    if form.decision != "approve" or form.confirmed:
        return False
    return above(user.quick_limit, found.request, user.currency)


def _address(key: str, form: DecisionForm, panel: str) -> str:
    return url_for("approvals.show", key=key, back=form.back or None, panel=panel)


def next_of(key: str, back: str) -> str:
    """Return the key of the request after this one in the list; empty when it was the last."""
    keys = [row.key for row in waiting_rows(inbox_of(back))]
    at = keys.index(key) if key in keys else -1
    rest = [other for other in (*keys[at + 1 :], *keys[: max(at, 0)]) if other != key]
    return rest[0] if rest else ""


def _onwards(key: str, place: str, back: str, done: str) -> str:
    if place == "inbox" or not key:
        query = inbox_of(back).query(open=key or None)
        return url_for("approvals.index") + (f"?{query}" if query else "")
    return url_for("approvals.show", key=key, back=back or None, after=done)


def _said(outcome: Outcome, left: int) -> str:
    rest = f"{left} left." if left else "That was the last one."
    goes = ""
    if outcome.request_status in {"pending", "escalated"} and outcome.waiting_for:
        goes = f" Goes on to {', '.join(outcome.waiting_for[:3])}."
    return f"{SAID[outcome.decision]} {outcome.request_key}.{goes} {rest}"


def _changed_meanwhile(key: str, form: DecisionForm, refusal: Stale) -> Response:
    """Show what changed, keep what was typed, and offer the same decision on what is true now."""
    with transaction():
        found = queries.request_page(key)
        bar = bar_of(
            found,
            panel="stale",
            place=form.place,
            back=form.back,
            comment=form.comment,
            reason_code=form.reason_code or "",
            decision=form.decision,
            difference=refusal.difference,
        )
        return show_page(found, bar, status=refusal.status)


def _nothing_left(key: str, form: DecisionForm, refusal: AlreadyDecided) -> Response:
    with transaction():
        found = queries.request_page(key)
        bar = bar_of(found, back=form.back)
        onwards = next_of(key, form.back)
        return show_page(
            found,
            bar,
            status=refusal.status,
            refusal=refusal,
            unsent=form.comment,
            onwards=_onwards(onwards, form.place, form.back, key),
        )


def _again(key: str, form: DecisionForm, refusal: ValidationFailed) -> Response:
    with transaction():
        found = queries.request_page(key)
        panel = PANEL_OF.get(form.decision, "")
        return refuse_wrong(found, refusal, panel, place=form.place, **form.kept())


@bp.post("/requests/<key>/delegation")
@signed_in
def delegate(key: str) -> ResponseReturnValue:
    """Let somebody else decide in one's place."""
    by_hand()
    form, person = read_decision(request.form), request.form.get("to", "")
    try:
        with transaction():
            onwards = next_of(key, form.back)
            service.delegate(form.target, chosen_person(person), comment=form.comment)
    except AlreadyDecided as refusal:
        return _nothing_left(key, form, refusal)
    except ValidationFailed as refusal:
        with transaction():
            found = queries.request_page(key)
            typed: dict[str, Any] = {"comment": form.comment, "back": form.back, "person": person}
            return refuse_wrong(found, refusal, "delegate", place=form.place, **typed)
    flash(f"{key} is handed over.", "ok")
    return respond(_onwards(onwards, form.place, form.back, key))


def chosen_person(text: str) -> UUID:
    """Return the person a form names.

    :raises ValidationFailed: when nobody is chosen.
    """
    try:
        return read_ids([text])[0]
    except ValidationFailed:
        raise ValidationFailed.at("/to", "Choose a person", "person") from None
