"""What approvals say on the page of a record: that it waits for somebody, and its requests."""

from typing import Any

from flask import g, render_template

from wfweb.approvals import listing
from wfweb.approvals.inbox import Row
from wfweb.approvals.presentation import amount_text, status_tag
from wfweb.records.models import Record


def record_banner(record: Record) -> str:
    """Return the banner of a record that waits for an approval; empty for others."""
    waiting = [row for row in _requests(record) if row.status in {"pending", "escalated"}]
    if not waiting:
        return ""
    names = listing.waited_for(row.request_id for row in waiting)
    return render_template(
        "approvals/_record_banner.html", rows=waiting, names=names, amount_text=amount_text
    )


def record_side(record: Record) -> str:
    """Return the card with a record's requests; empty when nobody ever asked."""
    rows = _requests(record)
    if not rows:
        return ""
    return render_template("approvals/_record_side.html", rows=rows, status_tag=status_tag)


def _requests(record: Record) -> list[Row]:
    """Return a record's requests; banner and card read them once."""
    known: dict[Any, list[Row]] = g.setdefault("wfweb_requests_of", {})
    if record.id not in known:
        known[record.id] = listing.of_record(record.id)
    return known[record.id]
