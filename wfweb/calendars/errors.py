"""Refusals of the calendars' own."""

from collections.abc import Sequence
from typing import Any

from wfweb.kernel.errors import Refusal


class InUse(Refusal):
    """Something still counts its time with the calendar; ``users`` says what and how many."""

    status = 409
    code = "in_use"
    title = "This calendar is used"

    def __init__(self, detail: str, *, users: Sequence[dict[str, Any]]) -> None:
        super().__init__(detail, users=list(users))
        self.users = list(users)
