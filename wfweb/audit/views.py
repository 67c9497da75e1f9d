"""A record's whole story on one page, for those who may read it."""

from uuid import UUID

from flask import Blueprint, Response, request

from wfweb.audit import presentation, queries
from wfweb.kernel.errors import NotFound
from wfweb.kernel.paging import decode_cursor, encode_cursor
from wfweb.kernel.ports import ports
from wfweb.kernel.web import page, require

bp = Blueprint("audit", __name__, url_prefix="/audit")

PAGE_SIZE = 50


@bp.get("/<target_type>/<uuid:target_id>")
def story(target_type: str, target_id: UUID) -> Response:
    """Show everything that happened to one subject, newest first."""
    require("audit.view", risk="MEDIUM")
    after = decode_cursor(request.args.get("after"), 1, (UUID,))
    entries = queries.story(target_id, before=after[0] if after else None, limit=PAGE_SIZE + 1)
    if not entries and after is None:
        raise NotFound
    more = len(entries) > PAGE_SIZE
    entries = entries[:PAGE_SIZE]
    return page(
        "audit/story.html",
        label=ports.subject_label(target_type, target_id),
        target_type=target_type,
        target_id=target_id,
        entries=[presentation.present(entry) for entry in entries],
        next=encode_cursor([entries[-1].id]) if more else None,
    )


@bp.get("/correlations/<uuid:correlation_id>")
def correlation(correlation_id: UUID) -> Response:
    """Show everything one act caused, in the order it happened."""
    require("audit.view", risk="MEDIUM")
    entries = queries.by_correlation(correlation_id)
    if not entries:
        raise NotFound
    return page(
        "audit/correlation.html",
        correlation_id=correlation_id,
        entries=[presentation.present(entry) for entry in entries],
    )
