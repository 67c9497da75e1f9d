"""The inbox: the list of what waits for somebody, its live rows, and deciding several at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue

from wfweb.approvals import listing, queries
from wfweb.approvals.forms import DUE, SORTS, VIEWS, InboxQuery, read_inbox
from wfweb.approvals.inbox import Page, Row
from wfweb.approvals.presentation import GROUPS, InboxRow, inbox_row
from wfweb.approvals.views import bp
from wfweb.identity.access import current_user, signed_in
from wfweb.kernel import clock
from wfweb.kernel.db import transaction
from wfweb.kernel.web import fragment, page, unchanged

MOST_SHOWN: Final = 100
_KEY_LENGTH: Final = 40


@bp.get("/inbox")
@signed_in
def index() -> ResponseReturnValue:
    """Show what waits for the person, most urgent first, beside a reading pane."""
    with transaction():
        return inbox_page(read_inbox(request.args))


def inbox_page(asked: InboxQuery) -> Response:
    """Return the inbox with its reading pane."""
    user = current_user()
    found = _page_of(asked)
    # The navigation shows the same numbers on this page, so they are counted once.
    counts, version = queries.standing(user.id)
    g.wfweb_approval_counts = counts
    rows = [inbox_row(row, asked.view) for row in found.rows]
    return page(
        "approvals/inbox.html",
        tabs=_tabs(asked, counts),
        counts=counts,
        current=current_key(asked, rows),
        chips=_chips(asked),
        unfiltered=_total(InboxQuery(asked.view), counts),
        clear_url=_url(InboxQuery(asked.view)),
        due_choices=list(DUE.items()),
        sorts=_sorts(asked),
        next_url=_url(asked, after=found.after) if found.after else "",
        first_url=_url(asked) if asked.after else "",
        total=_total(asked, counts),
        **list_context(asked, rows, version),
    )


def list_context(asked: InboxQuery, rows: Sequence[InboxRow], version: int) -> dict[str, Any]:
    """Return what the list of rows is drawn from."""
    live = asked.view in {"mine", "for-others"}
    shown = ".".join(row.key for row in rows)
    since = clock.now().isoformat()
    poll = {"since": since, "shown": shown, **asked.args()}
    return {
        "asked": asked,
        "groups": list(_grouped(rows)) if live and asked.sort == "due" else [("", rows)],
        "count": len(rows),
        "rows_url": f"{url_for('approvals.inbox_rows')}?{urlencode(poll)}",
        "version": version,
        "live": live,
        "back": asked.query(),
    }


def _grouped(rows: Iterable[InboxRow]) -> Iterable[tuple[str, list[InboxRow]]]:
    found: dict[str, list[InboxRow]] = {}
    for row in rows:
        found.setdefault(row.group, []).append(row)
    for code, label in GROUPS:
        if code in found:
            yield label, found[code]


def current_key(asked: InboxQuery, rows: Sequence[InboxRow]) -> str:
    """Return the key of the row that is open: the one asked for, else the first."""
    keys = [row.key for row in rows if not row.gone]
    return asked.open if asked.open in keys else (keys[0] if keys else "")


def _page_of(asked: InboxQuery, limit: int = 50) -> Page:
    lists = {
        "mine": queries.waiting_for,
        "for-others": queries.waiting_for,
        "waiting": queries.waiting_on_others,
        "decided": queries.decided_by,
    }
    return lists[asked.view](current_user().id, asked.filters, after=asked.after, limit=limit)


def _tabs(asked: InboxQuery, counts: queries.Counts) -> list[dict[str, Any]]:
    numbers = {
        "mine": counts.needs_me,
        "for-others": counts.for_others,
        "waiting": counts.waiting,
        "decided": None,
    }
    here = url_for("approvals.index")
    return [
        {
            "label": label,
            "href": here if view == "mine" else f"{here}?view={view}",
            "count": numbers[view],
            "hot": view == "mine" and bool(numbers[view]),
            "current": view == asked.view,
        }
        for view, label in VIEWS.items()
    ]


def _total(asked: InboxQuery, counts: queries.Counts) -> int | None:
    """Return how many the whole list holds, where a count is at hand."""
    if asked.narrowed or asked.view == "decided":
        return None
    numbers = {"mine": counts.needs_me, "for-others": counts.for_others, "waiting": counts.waiting}
    return numbers[asked.view]


def _chips(asked: InboxQuery) -> dict[str, dict[str, str]]:
    """Return the filters that are set: their value in words and the address without them."""
    typed = asked.typed
    found: dict[str, tuple[str, Mapping[str, str | None]]] = {}
    if "type" in typed:
        found["type"] = (typed["type"], {"type": None})
    if "min" in typed or "max" in typed:
        found["amount"] = (_range(typed), {"min": None, "max": None})
    if "due" in typed:
        found["due"] = (DUE[typed["due"]], {"due": None})
    if "requester" in typed:
        found["requester"] = (typed["requester"], {"requester": None})
    if "q" in typed:
        found["q"] = (f"“{typed['q']}”", {"q": None})
    return {
        name: {"value": value, "href": _url(asked, **without)}
        for name, (value, without) in found.items()
    }


def _range(typed: Mapping[str, str]) -> str:
    low, high = typed.get("min"), typed.get("max")
    if low and high:
        return f"{low} to {high}"
    return f"from {low}" if low else f"up to {high}"


def _sorts(asked: InboxQuery) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": _url(asked, sort=None if sort == "due" else sort),
            "current": sort == asked.sort,
        }
        for sort, label in SORTS.items()
    ]


def _url(asked: InboxQuery, **changes: str | None) -> str:
    text = asked.query(**changes)
    return url_for("approvals.index") + (f"?{text}" if text else "")


@bp.get("/inbox/rows")
@signed_in
def inbox_rows() -> ResponseReturnValue:
    """Answer a poll: 204 without news, else the rows shown so far as they are now."""
    with transaction():
        user = current_user()
        version = queries.version_for(user.id)
        if request.args.get("ver") == str(version):
            return unchanged()
        asked = read_inbox(request.args)
        since = _since(request.args.get("since", ""))
        shown = _shown(request.args.get("shown", ""))
        found = {row.key: row for row in _page_of(asked, MOST_SHOWN).rows}
        rows = _as_shown(asked, shown, found)
        fresh = [row for row in found.values() if row.key not in shown and _newer(row, since)]
        counts = queries.counts(user.id)
        return fragment(
            "approvals/_poll.html",
            fresh=len(fresh),
            fresh_url=_url(asked),
            counts=counts,
            current=current_key(asked, rows),
            **{**list_context(asked, rows, version), "rows_url": _same_poll(asked, shown, since)},
        )


def _as_shown(asked: InboxQuery, shown: Sequence[str], found: Mapping[str, Row]) -> list[InboxRow]:
    """Return the rows on the screen in their order; what was answered elsewhere turns grey."""
    missing = [key for key in shown if key not in found]
    left = listing.answered(missing, current_user().id)
    rows = []
    for key in shown:
        if key in found:
            rows.append(inbox_row(found[key], asked.view))
        elif key in left:
            row, words = left[key]
            rows.append(inbox_row(row, asked.view, gone=words))
    return rows


def _same_poll(asked: InboxQuery, shown: Sequence[str], since: datetime) -> str:
    poll = {"since": since.isoformat(), "shown": ".".join(shown), **asked.args()}
    return f"{url_for('approvals.inbox_rows')}?{urlencode(poll)}"


def _shown(text: str) -> list[str]:
    keys = [key for key in text.split(".") if key and key.isprintable()]
    return [key[:_KEY_LENGTH] for key in keys[:MOST_SHOWN]]


def _since(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return clock.now()
    return moment if moment.tzinfo else clock.now()


def _newer(row: Row, since: datetime) -> bool:
    return row.asked_at is not None and row.asked_at > since
