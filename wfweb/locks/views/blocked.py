"""What a record's page asks about its locks: the live banner, and why a step is blocked."""

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from wfweb.identity.access import signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import NotFound
from wfweb.kernel.jsontext import dumps
from wfweb.kernel.web import fragment, header_safe, page, unchanged
from wfweb.locks import queries
from wfweb.locks.known import is_known
from wfweb.locks.views import bp
from wfweb.locks.views.fragments import banner_context, standing, version_of
from wfweb.locks.views.presenting import shown
from wfweb.records.models import Record
from wfweb.records.queries import record_by_id


@bp.get("/locks/of/<uuid:record_id>/banner")
@signed_in
def banner(record_id: UUID) -> ResponseReturnValue:
    """Answer a poll of a record's page: 204 while nothing changed, else the banner as it is."""
    with transaction():
        record = record_by_id(record_id)
        seen, rows = request.args.get("ver", ""), standing(record)
        if seen == version_of(rows):
            return unchanged()
        elsewhere = "elsewhere" in request.args
        name = "locks/_banner.html" if elsewhere else "locks/_banner_poll.html"
        answer = fragment(name, **banner_context(record, rows, elsewhere=elsewhere))
    # It changes what is possible, so it is said at once.
    words = "Nothing is blocked any more" if not rows else "The locks have changed"
    done = {"wf:done": {"say": words, "urgent": True}}
    answer.headers["HX-Trigger"] = header_safe(dumps(done))
    return answer


@bp.get("/locks/of/<uuid:record_id>/blocked/<action>")
@signed_in
def blocked(record_id: UUID, action: str) -> ResponseReturnValue:
    """Show why an action is blocked on a record, and the ways out."""
    with transaction():
        return page("locks/blocked.html", **_why(record_by_id(record_id), action))


@bp.get("/locks/of/<uuid:record_id>/blocked/<action>/dialog")
@signed_in
def blocked_dialog(record_id: UUID, action: str) -> ResponseReturnValue:
    """Show the same in the page's dialog."""
    with transaction():
        return fragment("locks/_blocked_dialog.html", **_why(record_by_id(record_id), action))


def _why(record: Record, action: str) -> dict[str, Any]:
    rows = [one for one in queries.of_record(record.id) if action in one.blocked_actions]
    if not rows and not is_known(record.id, action):
        raise NotFound
    words = action.replace("_", " ")
    title = f"You cannot {words} {record.title} yet" if rows else f"“{words}” is free"
    return {"record": record, "locks": shown(rows), "title": title}
