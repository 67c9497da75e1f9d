"""Refusals and failures that only alerts know."""

from typing import ClassVar

from wfweb.kernel.errors import Refusal


class Unevaluable(Exception):  # noqa: N818 - a state of a rule, shown to people
    """A rule that cannot be evaluated now; ``str()`` says why, for people."""


class NotOpen(Refusal):
    """The alert has ended, so nothing is left to do with it."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "alert_not_open"
    title: ClassVar[str] = "This alert has ended"
