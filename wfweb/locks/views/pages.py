"""Locks on pages of their own: all locked records, one lock, and ending one."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, flash, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.identity.access import requires, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.kernel.formats import datetime_text
from wfweb.kernel.web import page, respond
from wfweb.locks import policy, queries, service
from wfweb.locks.queries import Detail, Filters, Status
from wfweb.locks.rows import LockRow
from wfweb.locks.views import bp
from wfweb.locks.views.presenting import (
    AFTERWARDS,
    IN_FLIGHT,
    OUTCOMES,
    STATUS,
    WHY,
    Shown,
    shown,
)

Choices = list[tuple[str, str, list[tuple[str, str]]]]
"""The filters of the list: name in the address, label, values with what people read."""
TABS: Final = {"locked": "Locked now", "unlocked": "Released", "expired": "Expired"}
EMPTY: Final = {
    "locked": "No record is locked",
    "unlocked": "No lock was released yet",
    "expired": "No lock has expired yet",
}


@bp.get("/locks")
@requires(policy.VIEW)
def index() -> ResponseReturnValue:
    """Show the locked records, or the locks that ended."""
    with transaction():
        tab = _tab(request.args.get("status", ""))
        typed = {name: request.args.get(name, "") for name in ("lock_type", "action", "q")}
        filters = Filters(
            status=tab,
            lock_type=typed["lock_type"] or None,
            action=typed["action"] or None,
            text=typed["q"].replace("\0", "") or None,
        )
        after = request.args.get("after")
        found = queries.dashboard(filters, after=after)
        numbers, choices = queries.counts(), _choices()
        return page(
            "locks/index.html",
            rows=shown(found.rows, found.releases, causes=False),
            counts=numbers,
            summary=_summary(numbers),
            tab=tab,
            heading=TABS[tab],
            kept={"status": "" if tab == "locked" else tab, **typed},
            tabs=_tabs(tab, numbers),
            choices=choices,
            chips=_chips(tab, typed, choices),
            words=STATUS,
            empty_title=EMPTY[tab],
            next_url=_url(tab, typed, found.after) if found.after else "",
            first_url=_url(tab, typed) if after else "",
        )


def _tab(asked: str) -> Status:
    if asked == "unlocked":
        return "unlocked"
    return "expired" if asked == "expired" else "locked"


def _url(tab: Status, typed: dict[str, str], after: str = "") -> str:
    wanted = {"status": tab, **typed, "after": after}
    text = urlencode({name: value for name, value in wanted.items() if value})
    return f"{url_for('locks.index')}?{text}"


def _summary(numbers: dict[str, int]) -> str:
    records, locks = numbers["records"], numbers["locked"]
    one = "record is" if records == 1 else "records are"
    return f"{records} {one} locked by {locks} {'lock' if locks == 1 else 'locks'}."


def _tabs(tab: Status, numbers: dict[str, int]) -> list[dict[str, Any]]:
    here = url_for("locks.index")
    return [
        {
            "label": label,
            "href": here if code == "locked" else f"{here}?status={code}",
            "count": numbers[code],
            "current": code == tab,
        }
        for code, label in TABS.items()
    ]


def _choices() -> Choices:
    kinds = queries.lock_types(inactive=True)
    codes = sorted({action for kind in kinds for action in kind.blocked_actions})
    return [
        ("lock_type", "Kind", [(kind.code, kind.name) for kind in kinds]),
        ("action", "Blocks", [(code, code.replace("_", " ").capitalize()) for code in codes]),
    ]


def _chips(tab: Status, typed: dict[str, str], choices: Choices) -> dict[str, dict[str, str]]:
    words = {name: dict(options) for name, _label, options in choices}
    return {
        name: {
            "value": words.get(name, {}).get(value, value),
            "href": _url(tab, {**typed, name: ""}),
        }
        for name, value in typed.items()
        if value
    }


@bp.get("/locks/<uuid:lock_id>")
@signed_in
def show(lock_id: UUID) -> ResponseReturnValue:
    """Show one lock: its cause now, every look at it, who can end it."""
    with transaction():
        return _page(queries.detail(lock_id))


def _page(detail: Detail, *, status: int = 200, **context: Any) -> Response:
    one = shown([detail.lock], {detail.lock.id: detail.release})[0]
    defaults: dict[str, Any] = {"errors": [], "failed": "", "typed": "", "wrong": ""}
    return page(
        "locks/show.html",
        status=status,
        one=one,
        detail=detail,
        facts=_facts(one),
        words=STATUS,
        why=WHY,
        outcomes=OUTCOMES,
        afterwards=AFTERWARDS,
        **{**defaults, **context},
    )


def _facts(one: Shown) -> list[tuple[str, str]]:
    row = one.row
    facts = [("Blocks", one.blocks), ("Severity", row.severity.capitalize())]
    facts.append(("Locked", datetime_text(row.locked_at)))
    if row.unlocked_at:
        facts.append(("Ended", datetime_text(row.unlocked_at)))
    if row.duration_hours is not None:
        facts.append(("Lasted", f"{float(row.duration_hours) / 24:.1f} days"))
    facts.append(("Work under way", IN_FLIGHT[row.in_flight]))
    return facts


def _ended(lock_id: UUID, kind: str, act: Callable[[UUID, str], LockRow], said: str) -> Response:
    """End or keep a lock with a reason, or show the form again with what was typed."""
    reason = request.form.get("reason", "").replace("\r\n", "\n")
    try:
        with transaction():
            row = act(lock_id, reason)
            flash(said.format(row.type_name, row.record_title), "ok")
    except ValidationFailed as refusal:
        with transaction():
            message = refusal.errors[0].message
            return _page(
                queries.detail(lock_id),
                status=refusal.status,
                errors=[FieldError("/reason", message)],
                failed=kind,
                typed=reason,
                wrong=message,
            )
    return respond(url_for("locks.show", lock_id=lock_id))


@bp.post("/locks/<uuid:lock_id>/override")
@signed_in
def override(lock_id: UUID) -> ResponseReturnValue:
    """End a lock against its rule, with a reason."""
    return _ended(lock_id, "override", service.override, "{0} of {1} has ended.")


@bp.post("/locks/<uuid:lock_id>/acceptance")
@signed_in
def accept(lock_id: UUID) -> ResponseReturnValue:
    """End a lock whose time is over by taking the risk in words."""
    return _ended(
        lock_id, "accept", service.accept_risk, "{0} of {1} has ended; the risk is yours."
    )


@bp.post("/locks/<uuid:lock_id>/renewal")
@signed_in
def renew(lock_id: UUID) -> ResponseReturnValue:
    """Keep a lock for another period."""
    return _ended(lock_id, "renew", service.renew, "{0} of {1} stays for another period.")


@bp.post("/locks/<uuid:lock_id>/requests")
@signed_in
def ask(lock_id: UUID) -> ResponseReturnValue:
    """Ask the committee to end a lock, and go to its request."""
    with transaction():
        service.ask_for_release(lock_id)
    with transaction():  # the request is written when the act ends
        lock = queries.one(lock_id)
        key = queries.who_can_release([lock])[lock_id].request_key
        flash("The committee is asked.", "ok")
        target = url_for("approvals.show", key=key) if key else lock.record_url
    return respond(target)
