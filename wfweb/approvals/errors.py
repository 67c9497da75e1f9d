"""Refusals of approvals, each with the sentence a person reads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wfweb.kernel.db import refuse_as
from wfweb.kernel.errors import (
    AlreadyDecided,
    Conflict,
    Forbidden,
    Gone,
    Stale,
    ValidationFailed,
)


def not_asked(key: str, names: Sequence[str] = ()) -> Forbidden:
    """Return the refusal for somebody who holds no seat; names who was asked instead."""
    detail = f"You were not asked to decide {key}"
    return Forbidden(
        detail, permission="approvals.decide", risk="MEDIUM", who_can=names, code="not_asked"
    )


def not_your_turn(key: str, names: Sequence[str]) -> Forbidden:
    """Return the refusal for a seat whose turn comes later."""
    waits = ", ".join(names) or "somebody before you"
    return Forbidden(
        f"It is not your turn on {key} yet: {waits} decides first",
        permission="approvals.decide",
        risk="LOW",
        who_can=names,
        code="not_your_turn",
    )


def waits_for_administrator(key: str, reason: str) -> Forbidden:
    """Return the refusal for a request at risk: a vote could not settle it (I-19)."""
    return Forbidden(
        f"{key} waits for an administrator: {reason}",
        permission="approvals.decide",
        risk="LOW",
        code="at_risk",
    )


def own_request(key: str, *, editor: bool) -> Forbidden:
    """Return the refusal of segregation of duties: requester or editor of material fields."""
    because = "you changed what is asked" if editor else "you asked for it yourself"
    return Forbidden(
        f"You cannot decide {key}, because {because}",
        permission="approvals.decide",
        risk="HIGH",
        code="segregation_of_duties",
    )


def no_longer_eligible(key: str, why: str) -> Forbidden:
    """Return the refusal for somebody who left the role (or the company) meanwhile."""
    return Forbidden(
        f"You can no longer decide {key}: {why}",
        permission="approvals.decide",
        risk="MEDIUM",
        code="no_longer_eligible",
    )


def not_a_person(key: str) -> Forbidden:
    """Return the refusal for machines: an approval is a person's act (I-10)."""
    return Forbidden(
        f"Only a person can decide {key}",
        permission="approvals.decide",
        risk="HIGH",
        code="not_a_person",
    )


def already(detail: str, by: str = "", at: datetime | None = None) -> AlreadyDecided:
    """Return the refusal that names who was faster and when."""
    return AlreadyDecided(detail, by=by, at=at)


def stale(key: str, difference: Sequence[Mapping[str, Any]], digest: str) -> Stale:
    """Return the refusal that carries what changed since the person looked."""
    count = len(difference)
    what = "1 field" if count == 1 else f"{count} fields"
    return Stale(
        f"Not decided: {key} changed since you looked ({what})",
        difference=difference,
        current_digest=digest,
    )


def ended(key: str, how: str) -> Gone:
    """Return the refusal for an act on a request that has ended; ``how`` is a sentence."""
    return Gone(f"{key} has ended: {how}")


def moved_on(key: str, state_name: str) -> Conflict:
    """Return the refusal to ask again about work that stands somewhere else by now."""
    return Conflict(
        f"{key} cannot be asked again: its workflow is in “{state_name}” now", reason="moved_on"
    )


def edit_refused(key: str) -> Conflict:
    """Return the refusal of an edit while the record is being approved (REC-4)."""
    return Conflict(
        f"This cannot change while {key} waits for approval. Withdraw the request first, "
        "or ask an approver to send it back",
        request_key=key,
        reason="under_approval",
    )


def key_reused() -> ValidationFailed:
    """Return the refusal for an idempotency key that came with another content before."""
    return ValidationFailed.at(
        "/idempotency_key", "This key was used for another decision", "key_reused"
    )


def _nothing_left() -> AlreadyDecided:
    return AlreadyDecided("Somebody decided this at the same moment")


for _name in (
    "uq_approval_decisions_assignment_id",
    "uq_approval_requests_open",
    "uq_approval_assignments_open_seat",
):
    refuse_as(_name, _nothing_left)
refuse_as("uq_approval_decisions_idempotency", key_reused)
