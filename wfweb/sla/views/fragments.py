"""What deadlines say on other pages: the clocks of a record, of a request and its levels."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from flask import render_template

from wfweb.identity.access import user_or_none
from wfweb.kernel import clock
from wfweb.records.models import Record
from wfweb.sla import board
from wfweb.sla.cards import Hours, calendar_of, card
from wfweb.sla.ledger import whole
from wfweb.sla.models import SlaClock
from wfweb.sla.views.board import VIEW

MOST = 8


def record_side(record: Record) -> str:
    """Return the card with a record's deadlines; empty without any."""
    return _card(board.cards_of(SlaClock.record_id == record.id, limit=MOST))


def request_side(subjects: Collection[UUID]) -> str:
    """Return the card with the deadlines of a request and its levels; empty without any."""
    return _card(board.cards_of(SlaClock.subject_id.in_(list(subjects)), limit=MOST))


def _card(rows: Sequence[Any]) -> str:
    user = user_or_none()
    if not rows or user is None or not user.may(VIEW):
        return ""
    now = whole(clock.now())
    hours = Hours(now, calendar_of)
    drawn = [(card(row, hours, {}), row[0]) for row in rows]
    return render_template("sla/_side.html", drawn=drawn)
