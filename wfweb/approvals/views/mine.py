"""The requester's side: what somebody asked for, and who it waits for."""

from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from wfweb.approvals import listing, queries
from wfweb.approvals.inbox import Part
from wfweb.approvals.presentation import amount_text, bare_title, due_chip_of, status_tag
from wfweb.approvals.views import bp
from wfweb.identity.access import current_user, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import ValidationFailed
from wfweb.kernel.web import page

TABS: Final[dict[Part, str]] = {"open": "Open", "sent_back": "Sent back", "decided": "Decided"}


@bp.get("/my-requests")
@signed_in
def mine() -> ResponseReturnValue:
    """Show what the person asked for: open, sent back, decided."""
    part = _part(request.args.get("part") or "open")
    with transaction():
        user = current_user()
        counts = queries.counts(user.id)
        found = queries.my_requests(user.id, part=part, after=request.args.get("after") or None)
        here = url_for("approvals.mine", part=None if part == "open" else part)
        return page(
            "approvals/mine.html",
            part=part,
            rows=found.rows,
            names=listing.waited_for(row.request_id for row in found.rows if part == "open"),
            tabs=_tabs(part, counts),
            next_url=url_for("approvals.mine", part=part, after=found.after) if found.after else "",
            first_url=here if request.args.get("after") else "",
            amount_text=amount_text,
            bare_title=bare_title,
            due_chip_of=due_chip_of,
            status_tag=status_tag,
        )


def _part(text: str) -> Part:
    for known in TABS:
        if text == known:
            return known
    raise ValidationFailed.at("/part", f"Choose one of {', '.join(TABS)}", "choice")


def _tabs(part: Part, counts: queries.Counts) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "href": url_for("approvals.mine", part=None if code == "open" else code),
            "count": counts.requested if code == "open" else None,
            "current": code == part,
        }
        for code, label in TABS.items()
    ]
