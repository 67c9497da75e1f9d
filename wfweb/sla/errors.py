"""Typed refusals of clocks and definitions."""

from wfweb.kernel.errors import Conflict


class ClockEnded(Conflict):
    """The clock has ended: nothing can be paused, resumed or moved any more."""

    code = "clock_ended"
    title = "This deadline has ended"


class ClockHeld(Conflict):
    """A condition of the definition holds the clock, so it cannot be resumed by hand."""

    code = "clock_held"
    title = "This deadline is paused by its definition"
