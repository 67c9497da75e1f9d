"""Deciding several requests at once: look at them together, decide, see what became of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue

from wfweb import audit
from wfweb.approvals import listing, queries, service
from wfweb.approvals.checking import Decision
from wfweb.approvals.forms import InboxQuery, inbox_of, read_ids
from wfweb.approvals.inbox import Row
from wfweb.approvals.presentation import amount_text, bare_title, totals
from wfweb.approvals.service import ItemResult
from wfweb.approvals.views import bp
from wfweb.approvals.views.deciding import by_hand
from wfweb.identity.access import current_user, signed_in
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import FieldError, Forbidden, Refusal, ValidationFailed, by_field
from wfweb.kernel.web import fragment, is_htmx, page

MOST: Final = 1000
DECISIONS: Final[tuple[Decision, ...]] = ("approve", "reject", "send_back")


@dataclass(frozen=True, slots=True)
class Review:
    """What was selected: what can be decided, what cannot and why, and how much it is."""

    ready: Sequence[Row]
    blocked: Sequence[tuple[Row, str]]
    lost: int
    total: str
    next_people: Mapping[UUID, str]
    over_limit: bool
    reasons: Sequence[Mapping[str, Any]]

    @property
    def count(self) -> int:
        """How many were selected."""
        return len(self.ready) + len(self.blocked) + self.lost


def _selected(asked: InboxQuery) -> list[UUID]:
    """Return what is ticked, or all of the list when that was pressed."""
    if request.form.get("all") == "1":
        rows = queries.waiting_for(current_user().id, asked.filters, limit=MOST).rows
        return [row.assignment_id for row in rows if row.assignment_id is not None]
    return read_ids(request.form.getlist("id"))


def _review(ids: Sequence[UUID]) -> Review:
    user = current_user()
    rows = {row.assignment_id: row for row in listing.seats(user.id, ids)}
    ready, blocked = [], []
    for row in rows.values():
        if row.at_risk:
            blocked.append((row, row.at_risk_reason or "It waits for an administrator"))
        else:
            ready.append(row)
    limit = user.quick_limit
    over = limit is not None and any(row.amount is not None and row.amount > limit for row in ready)
    return Review(
        ready=ready,
        blocked=blocked,
        lost=len(set(ids)) - len(rows),
        total=totals((row.amount, row.currency) for row in ready),
        next_people=listing.what_follows(ready),
        over_limit=over,
        reasons=listing.shared_reasons(row.request_id for row in ready),
    )


@bp.post("/inbox/selection")
@signed_in
def review() -> ResponseReturnValue:
    """Show the selected requests together: totals, what can be decided, one comment for all."""
    back = request.form.get("back", "")[:1000]
    with transaction():
        asked = inbox_of(back)
        ids = _selected(asked)
        if not ids and is_htmx():
            return fragment("approvals/_pane_nothing.html")
        return _show(ids, back)


def _show(
    ids: Sequence[UUID],
    back: str,
    *,
    errors: Sequence[FieldError] = (),
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {
        "review": _review(ids),
        "ids": ids,
        "back": back,
        "errors": errors,
        "wrong": by_field(errors),
        "typed": request.form,
        "amount_text": amount_text,
        "bare_title": bare_title,
    }
    if is_htmx():
        return fragment("approvals/_review.html", status=status, **context)
    return page("approvals/review.html", status=status, **context)


@bp.post("/inbox/decisions")
@signed_in
def decide_selected() -> ResponseReturnValue:
    """Decide all selected requests, each on what was shown, and list what became of each."""
    by_hand()
    back = request.form.get("back", "")[:1000]
    ids = read_ids(request.form.getlist("id"))
    keep = request.form.get("on_error") != "rollback"
    decision = _decision(request.form.get("decision", ""))
    with transaction():
        labels = {row.assignment_id: row for row in listing.seats(current_user().id, ids)}
    results: list[ItemResult] = []
    stopped: Refusal | None = None
    try:
        with transaction():
            results = _decide(ids, decision, keep=keep)
    except ValidationFailed as refusal:
        with transaction():
            return _show(ids, back, errors=refusal.errors, status=refusal.status)
    except Refusal as refusal:
        if keep:
            raise
        if isinstance(refusal, Forbidden):
            audit.record_refusal(refusal, action=request.method, target=request.path)
        stopped = refusal
    return _results(back, decision, labels, results, stopped=stopped)


def _decision(text: str) -> Decision:
    for known in DECISIONS:
        if text == known:
            return known
    raise ValidationFailed.at("/decision", "Choose what you decide", "choice")


def _decide(ids: Sequence[UUID], decision: Decision, *, keep: bool) -> list[ItemResult]:
    digests = {one: request.form.get(f"digest.{one}", "") for one in ids}
    comment = request.form.get("comment", "").replace("\r\n", "\n")
    if decision != "approve" and not comment.strip():
        words = "Write why you reject them" if decision == "reject" else "Write what has to change"
        raise ValidationFailed.at("/comment", words, "required")
    return service.decide_many(
        ids,
        decision,
        digests=digests,
        comment=comment,
        reason_code=request.form.get("reason_code") or None,
        rollback_on_error=not keep,
    )


def _results(
    back: str,
    decision: Decision,
    labels: Mapping[UUID | None, Row],
    results: Sequence[ItemResult],
    *,
    stopped: Refusal | None,
) -> Response:
    done = [(labels.get(r.target_id), r.outcome) for r in results if r.outcome is not None]
    failed = [(labels.get(r.target_id), r.refusal) for r in results if r.refusal is not None]
    total = totals((row.amount, row.currency) for row, _outcome in done if row)
    with transaction():
        return page(
            "approvals/results.html",
            decision=decision,
            done=done,
            failed=failed,
            stopped=stopped,
            selected=len(labels),
            total=total,
            inbox_args=inbox_of(back).args(),
            left=queries.counts(current_user().id).needs_me,
            retry=[r.target_id for r in results if r.refusal is not None],
            back=back,
            amount_text=amount_text,
            bare_title=bare_title,
        )
