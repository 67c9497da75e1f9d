"""Long work in batches: each is a row in ``timers`` that arms the next in its own transaction.

A process that dies between two batches loses and doubles nothing: another one goes on from the
last row that was looked at.
"""

from typing import Any
from uuid import UUID

from wfweb.events import timers
from wfweb.events.timers import Due
from wfweb.kernel import clock


def arm(kind: str, subject_type: str, subject_id: UUID, turn: str, after: UUID | None) -> None:
    """Have the batch of a turn that begins behind ``after``, or at the beginning, worked on now.

    :param turn: what makes one run through all rows different from the next, e.g. its moment.
    """
    payload: dict[str, Any] = {"turn": turn, "after": str(after) if after else None}
    key = f"{turn} {after or 'from the beginning'}"
    timers.arm(kind, subject_type, subject_id, clock.now(), fire_key=key, payload=payload)


def place(due: Due) -> tuple[str, UUID | None]:
    """Return the turn of a batch that is due, and behind which row it begins."""
    after = due.payload["after"]
    return due.payload["turn"], UUID(after) if after else None
