"""The chain of a request as its page draws it: each level, and who is asked on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from wfweb.approvals.presentation import quorum_text
from wfweb.approvals.queries import LevelView, RequestPage, SeatView
from wfweb.kernel.actor import current_actor


@dataclass(frozen=True, slots=True)
class Seat:
    """One person in the chain."""

    id: UUID
    name: str
    you: bool
    behalf: str
    words: str
    at: datetime | None
    counts: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One level of the chain."""

    number: int
    state: str
    title: str
    note: str
    seats: Sequence[Seat]


def chain(found: RequestPage) -> list[Step]:
    """Return the levels of a request, in their order."""
    return [_step(view, found) for view in found.levels]


_STATES = {"approved": "done", "open": "now", "rejected": "fail", "skipped": "skipped"}


def _step(view: LevelView, found: RequestPage) -> Step:
    level = view.level
    seats = [_seat(one, found) for one in view.seats]
    count = len([one for one in seats if one.counts])
    how = quorum_text(level.quorum, count, level.min_approvers, level.ordering) if count > 1 else ""
    note = ""
    if level.status == "waiting" or not seats:
        note = level.closed_because or level.rule_text
    state = _STATES.get(level.status, "")
    if state == "now" and not (
        found.is_latest and found.request.status in {"pending", "escalated"}
    ):
        state = "skipped"
    return Step(level.number, state, f"{level.name}, {how}" if how else level.name, note, seats)


def _seat(view: SeatView, found: RequestPage) -> Seat:
    seat, made = view.seat, view.decision
    name = view.user.name if view.user else "Somebody who left"
    at: datetime | None = None
    if seat.status == "pending":
        words = "waiting since" if seat.asked_at else "their turn comes later"
        at = seat.asked_at
    elif made is not None and made.decision in {"approve", "reject", "send_back"}:
        words = {"approve": "approved", "reject": "rejected"}.get(made.decision, "sent back")
        at = made.at
    else:
        words = seat.closed_because or seat.status
    return Seat(
        id=seat.id,
        name=name,
        you=seat.user_id == current_actor().id,
        behalf=view.behalf_of.name if view.behalf_of else "",
        words=words,
        at=at,
        counts=seat.status not in {"delegated", "skipped"},
        open=seat.status == "pending" and found.is_latest,
    )
