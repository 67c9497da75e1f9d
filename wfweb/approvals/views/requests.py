"""The page of a request: whole, as reading pane, its decision bar, and why it went this way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.approvals import policy, queries, service
from wfweb.approvals.forms import InboxQuery, inbox_of
from wfweb.approvals.inbox import Row
from wfweb.approvals.presentation import status_tag
from wfweb.approvals.queries import RequestPage
from wfweb.approvals.showing import Shown, above
from wfweb.approvals.views import bp
from wfweb.identity import queries as people
from wfweb.identity.access import current_user, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, NotFound, ValidationFailed, by_field
from wfweb.kernel.web import fragment, is_htmx, page, respond, whole_number
from wfweb.records import queries as records
from wfweb.records.policy import may_view

PANELS: Final = ("approve", "changes", "reject", "delegate")
MOST_PEOPLE: Final = 300
_LOOKED_THROUGH: Final = 100


@dataclass(frozen=True, slots=True)
class Bar:
    """The decision bar: what it offers now and what was typed into it."""

    panel: str
    quick: bool
    key: str
    back: str
    place: str
    comment: str = ""
    reason_code: str = ""
    person: str = ""
    errors: Sequence[Any] = ()
    difference: Sequence[Mapping[str, str]] = ()
    decision: str = ""
    opener: str = ""

    @property
    def wrong(self) -> dict[str, str]:
        """Messages by the name of the field they belong to."""
        return by_field(self.errors)


@bp.get("/requests/<key>")
@signed_in
def show(key: str) -> ResponseReturnValue:
    """Show a request; ``round`` shows an older one, ``panel`` opens a part of the decision bar."""
    with transaction():
        found = queries.request_page(key, _round())
        return show_page(found, bar_of(found, panel=_panel()))


def _round() -> int | None:
    text = request.args.get("round", "")
    number = whole_number(text)
    if text and number is None:
        raise NotFound
    return number


def _panel() -> str:
    asked = request.args.get("panel", "")
    return asked if asked in PANELS else ""


def show_page(found: RequestPage, bar: Bar, *, status: int = 200, **context: Any) -> Response:
    """Return the page of a request, perhaps with an answer to what was posted on it."""
    shown = Shown(found)
    if found.is_latest:
        service.mark_seen(found.request.id)
    return page(
        "approvals/show.html",
        status=status,
        neighbours=_neighbours(found, inbox_of(bar.back)),
        links=records.links_of(found.record.id),
        may_see_record=may_view(found.record, found.record_type) or found.my_seat is not None,
        came=bool(request.args.get("after")),
        **parts(found, shown, bar),
        **context,
    )


def parts(found: RequestPage, shown: Shown, bar: Bar) -> dict[str, Any]:
    """Return what page, pane and decision bar are drawn from."""
    return {
        "p": found,
        "s": shown,
        "bar": bar,
        "reasons": found.reject_reasons,
        "delegates": delegates(found) if bar.panel == "delegate" else [],
        "repairers": _repairers(found),
        "candidates": _candidates(found),
        "status_tag": status_tag,
    }


def bar_of(found: RequestPage, *, panel: str = "", **typed: Any) -> Bar:
    """Return the decision bar of a request for the current person."""
    user = current_user()
    args = request.args if request.method == "GET" else request.form
    values = {
        "back": args.get("back", "")[:1000],
        "place": "inbox" if args.get("place") == "inbox" else "page",
        "opener": request.args.get("from", ""),
        **typed,
    }
    usable = panel if "decide" in found.actions else ""
    if usable == "delegate" and "delegate" not in found.actions:
        usable = ""
    quick = not above(user.quick_limit, found.request, user.currency)
    return Bar(panel=usable, quick=quick, key=str(uuid4()), **values)


def delegates(found: RequestPage) -> list[tuple[str, str]]:
    """Return who could decide in somebody's place: active people without a hand in it."""
    barred = set(found.request.excluded_ids) if not _self_approval(found) else set()
    level = found.request.current_level
    for view in found.levels:
        if view.level.number == level:
            barred |= {one.seat.user_id for one in view.counting}
    barred.add(current_user().id)
    return [
        (str(user.id), f"{user.name}, {user.title}" if user.title else user.name)
        for user in people.active_people()[:MOST_PEOPLE]
        if user.kind == "person" and user.id not in barred
    ]


def _self_approval(found: RequestPage) -> bool:
    level = found.request.current_level
    return any(v.level.spec.get("self_approval") for v in found.levels if v.level.number == level)


def _repairers(found: RequestPage) -> list[str]:
    """Return who can repair a request at risk, where the reader cannot."""
    if not found.request.at_risk or "reassign" in found.actions:
        return []
    return [user.name for user in people.users_with_permission(policy.REASSIGN, limit=3)]


def _candidates(found: RequestPage) -> list[tuple[str, str]]:
    """Return who may be given a seat, for those who repair requests."""
    if "reassign" not in found.actions or not found.is_latest:
        return []
    return delegates(found)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Where a request stands in the list it was opened from."""

    position: int
    total: int
    previous: str
    next: str


def _neighbours(found: RequestPage, asked: InboxQuery) -> Neighbours | None:
    """Return the place in the inbox, for a request that waits for the reader."""
    if found.my_seat is None:
        return None
    rows = waiting_rows(asked)
    keys = [row.key for row in rows]
    if found.request.key not in keys:
        return None
    at = keys.index(found.request.key)
    before = keys[at - 1] if at else ""
    after = keys[at + 1] if at + 1 < len(keys) else ""
    return Neighbours(at + 1, len(keys), before, after)


def waiting_rows(asked: InboxQuery) -> Sequence[Row]:
    """Return the start of the list that a request was opened from."""
    found = queries.waiting_for(current_user().id, asked.filters, limit=_LOOKED_THROUGH)
    return found.rows


@bp.get("/requests/<key>/pane")
@signed_in
def pane(key: str) -> ResponseReturnValue:
    """Return a request as the reading pane of the inbox shows it."""
    with transaction():
        found = queries.request_page(key)
        shown = Shown(found)
        service.mark_seen(found.request.id)
        bar = bar_of(found, panel=_panel(), place="inbox")
        return fragment("approvals/_pane.html", **parts(found, shown, bar))


@bp.get("/requests/<key>/decision")
@signed_in
def decision_bar(key: str) -> ResponseReturnValue:
    """Return the decision bar alone, with one of its panels open or with none.

    A browser that comes here by itself, e.g. after a refused post, is led to the page.
    """
    if not is_htmx():
        return respond(url_for("approvals.show", key=key, panel=_panel() or None))
    with transaction():
        found = queries.request_page(key)
        shown = Shown(found)
        return fragment(
            "approvals/_decision.html", **parts(found, shown, bar_of(found, panel=_panel()))
        )


@bp.get("/requests/<key>/explanation")
@signed_in
def explanation(key: str) -> ResponseReturnValue:
    """Say why a request went the way it did: rule, conditions, who was found and left out."""
    with transaction():
        found = queries.request_page(key, _round())
        return page(
            "approvals/explanation.html",
            p=found,
            s=Shown(found),
            why=queries.explanation(found.request.id),
        )


def _placed(error: FieldError) -> FieldError:
    """Return an error that leads to its field, or nowhere when the bar has no such field."""
    known = {"/comment", "/reason_code", "/to"}
    return error if error.pointer in known else replace(error, pointer="")


def refuse_wrong(
    found: RequestPage, refusal: ValidationFailed, panel: str, **typed: Any
) -> Response:
    """Show the request again with what is wrong in a panel; nothing typed is lost."""
    errors = [_placed(error) for error in refusal.errors]
    bar = bar_of(found, panel=panel, errors=errors, **typed)
    return show_page(found, bar, status=refusal.status)
