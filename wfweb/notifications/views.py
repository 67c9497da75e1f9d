"""Pages: my notices, what was sent to whom, the words of messages with a preview."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for

from wfweb.events import retry
from wfweb.identity.access import current_user, requires, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Conflict, NotFound, ValidationFailed
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.kernel.web import form_values, page, respond, safe_next, version_posted
from wfweb.notifications import queries, rendering, service
from wfweb.notifications.kinds import KINDS, Kind, Words

bp = Blueprint("notifications", __name__)

PAGE_SIZE = 50
STATES = ("pending", "sent", "skipped", "failed")


def _page_of(rows: Any) -> tuple[Any, str | None]:
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    return rows, encode_cursor([rows[-1].id]) if more else None


def _before() -> UUID | None:
    after = decode_cursor(request.args.get("after"), 1, (UUID,))
    return after[0] if after else None


@bp.get("/notifications")
@signed_in
def index() -> Response:
    """Show my notices, newest first."""
    rows, following = _page_of(
        queries.notices(current_user().id, before=_before(), limit=PAGE_SIZE + 1)
    )
    return page("notifications/index.html", notices=rows, next=following)


@bp.post("/notifications/<uuid:notification_id>/read")
@signed_in
def read(notification_id: UUID) -> Response:
    """Mark a notice as read and go to what it is about."""
    with transaction():
        service.mark_read(notification_id)
    return respond(safe_next(request.form.get("next"), url_for("notifications.index")))


@bp.post("/notifications/read")
@signed_in
def read_all() -> Response:
    """Mark all my notices as read."""
    with transaction():
        service.mark_all_read()
    return respond(url_for("notifications.index"), say="All notices are read")


@bp.get("/admin/deliveries")
@requires("deliveries.view")
def deliveries() -> Response:
    """Show what was sent to whom, and what was not."""
    state = request.args.get("state", "")
    if state and state not in STATES:
        raise ValidationFailed.at("/state", f"Use one of {', '.join(STATES)}")
    text = request.args.get("q", "")[:200].replace("\x00", "")
    rows, following = _page_of(
        queries.deliveries(state=state, text=text, before=_before(), limit=PAGE_SIZE + 1)
    )
    return page(
        "notifications/deliveries.html",
        deliveries=rows,
        next=following,
        state=state,
        states=STATES,
        filter_text=text,
        kinds=KINDS,
    )


@bp.get("/admin/deliveries/<uuid:delivery_id>")
@requires("deliveries.view")
def delivery(delivery_id: UUID) -> Response:
    """Show one mail with all tries."""
    found = queries.delivery(delivery_id)
    return page("notifications/delivery.html", delivery=found, kind=KINDS[found.kind])


@bp.post("/admin/deliveries/<uuid:delivery_id>/retry")
@requires("operations.retry")
def send_again(delivery_id: UUID) -> Response:
    """Try a failed mail again."""
    with transaction():
        service.send_again(delivery_id, retry.retry_message)
    return respond(url_for("notifications.delivery", delivery_id=delivery_id), say="Sent again")


@bp.get("/admin/messages")
@requires("templates.edit")
def messages() -> Response:
    """List every kind of message."""
    return page("notifications/messages.html", kinds=KINDS.values(), own=queries.own_words())


def _kind(code: str) -> Kind:
    if code not in KINDS:
        raise NotFound
    return KINDS[code]


def _edit_page(kind: Kind, words: Words, version: int, **context: Any) -> Response:
    sample = {**kind.sample, "facts": [("Requested by", "Rui Requests"), ("Amount", "€184,600.00")]}
    try:
        rendering.check_words(kind, words)
        preview = rendering.render(kind, sample, words)
    except ValidationFailed:
        preview = None
    status = context.pop("status", 200)
    return page(
        "notifications/message.html",
        status=status,
        kind=kind,
        words=words,
        version=version,
        preview=preview,
        **context,
    )


@bp.get("/admin/messages/<code>")
@requires("templates.edit")
def message(code: str) -> Response:
    """Show the words of a kind, to change them."""
    kind = _kind(code)
    own = queries.own_words().get(code)
    return _edit_page(kind, rendering.words_of(kind), own.version if own else 0)


@bp.post("/admin/messages/<code>")
@requires("templates.edit")
def save_message(code: str) -> Response:
    """Save or preview the words of a kind; what was typed is never lost."""
    kind = _kind(code)
    values = form_values()
    words = Words(
        *(str(values.get(p, ""))[:6000] for p in ("subject", "heading", "body", "button"))
    )
    version = version_posted()
    if values.get("act") == "preview":
        try:
            rendering.check_words(kind, words)
        except ValidationFailed as refusal:
            return _edit_page(kind, words, version, errors=refusal.errors, status=refusal.status)
        return _edit_page(kind, words, version)
    try:
        with transaction():
            if values.get("act") == "restore":
                service.restore_words(code)
            else:
                service.save_words(code, words, version=version)
    except ValidationFailed as refusal:
        return _edit_page(kind, words, version, errors=refusal.errors, status=refusal.status)
    except Conflict as refusal:
        own = queries.own_words().get(code)
        return _edit_page(
            kind,
            words,
            refusal.current_version or 0,
            theirs=own,
            conflict=refusal,
            status=refusal.status,
        )
    return respond(url_for("notifications.messages"), say="Saved")
