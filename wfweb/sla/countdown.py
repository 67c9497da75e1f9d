"""How long is left, in words: the same words that ``static/js/sla.js`` counts on with.

Seconds are business seconds of the clock's own calendar, so a number that stands still over
lunch is right. Plain values in, plain values out.
"""

from dataclasses import dataclass
from datetime import datetime

MINUTE, HOUR, DAY = 60, 3_600, 86_400
FINE = 10 * MINUTE
"""Under this many seconds the seconds are shown as well."""
LONG = 8 * HOUR
"""Above this many seconds left a card shows the due moment instead of counting down."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a clock stands at one instant.

    ``left`` is in business seconds and negative when the time is over; ``percent`` is the share of
    the target used, cut to a whole number so that 99.95 is never shown as 100.
    """

    left: int
    percent: int
    over: bool
    paused: bool


def standing(target: int, elapsed: int, *, paused: bool = False) -> Standing:
    """Return where a clock with a target and elapsed business seconds stands.

    It is over from the due second on, in which the whole target is used up.
    """
    percent = elapsed * 100 // target if target > 0 else 100 * (elapsed > 0)
    return Standing(target - elapsed, int(percent), elapsed >= target, paused)


def span_words(seconds: int) -> str:
    """Return a length of business time, e.g. ``2 h 10 min``; never days, whose length varies."""
    whole = abs(int(seconds))
    hours, minutes = whole // HOUR, whole % HOUR // MINUTE
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    if whole >= FINE or not whole % MINUTE:
        return f"{minutes} min"
    return f"{minutes} min {whole % MINUTE:02d} s" if minutes else f"{whole} s"


def exact_words(seconds: int) -> str:
    """Return a length of business time to the second, e.g. ``3 h 54 min 25 s``."""
    hours, rest = divmod(abs(int(seconds)), HOUR)
    parts = [(hours, "h"), (rest // MINUTE, "min"), (rest % MINUTE, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"


def countdown_words(left: int) -> str:
    """Return what a running clock shows: ``2 h 10 min left`` or ``1 h 12 min over``."""
    return f"{span_words(left)} {'over' if left < 0 else 'left'}"


def wall_words(seconds: float) -> str:
    """Return a length of wall-clock time, e.g. ``7 d 3 h``."""
    minutes = int(abs(seconds)) // MINUTE
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if not hours or minutes % 60:
        return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
    return f"{hours} h"


def hours_words(seconds: float) -> str:
    """Return business time for reports with one decimal: ``9.4 h``; minutes below an hour."""
    if abs(seconds) < HOUR:
        return f"{round(seconds / MINUTE)} min"
    return f"{seconds / HOUR:.1f} h"


def share_words(part: int, whole: int, *, least: int = 10) -> str:
    """Return a share as ``91.3 %``; empty under ``least`` cases, where a percentage misleads.

    Cut and not rounded, so that 999 of 1,000 with one breach more never reads as 100.
    """
    if whole < least:
        return ""
    tenths = part * 1000 // whole
    return f"{tenths // 10}.{tenths % 10} %"


def hours_open(spans: list[tuple[datetime, datetime]]) -> str:
    """Return open spans for the page's script: ``start-end`` in whole seconds, by commas."""
    return ",".join(f"{int(a.timestamp())}-{int(b.timestamp())}" for a, b in spans)
