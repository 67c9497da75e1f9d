"""Plots as numbers: where each bar and label of a drawing stands. Templates only draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wfweb.sla.countdown import share_words
from wfweb.sla.reports import Tally

WIDTH: Final = 760
HEIGHT: Final = 240
TOP: Final = 34
BOTTOM: Final = 204
LEFT: Final = 44
STACK: Final = ("GREEN", "YELLOW", "ORANGE", "RED", "BREACHED")
WIDEST: Final = 56
STEPS: Final = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Part:
    """A coloured piece of a bar."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One stacked bar with the words under and above it."""

    middle: float
    top: float
    label: str
    head: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Rule:
    """A level line with its number."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Stacked bars over a scale."""

    bars: list[Bar]
    rules: list[Rule]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    foot: int = BOTTOM


def scale_of(most: int) -> tuple[int, int]:
    """Return the top of a scale that holds ``most`` and the step of its at most five lines."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * 5 >= most:
                size = step * power
                return max(size, -(-most // size) * size), size
        power *= 10


def stacked(columns: Sequence[tuple[str, Tally]], names: dict[str, str]) -> Plot:
    """Return stacked bars of how clocks ended, one a label.

    :param names: the levels in words, for what a part says when pointed at.
    """
    top, step = scale_of(max((tally.total for _, tally in columns), default=0) or 1)
    unit = (BOTTOM - TOP) / top
    slot = (WIDTH - LEFT) / max(len(columns), 1)
    bars = []
    for number, (label, tally) in enumerate(columns):
        middle = LEFT + slot * (number + 0.5)
        parts, y = [], float(BOTTOM)
        width = min(WIDEST, slot * 0.7)
        for level in STACK:
            count = tally.levels[level]
            if not count:
                continue
            y -= count * unit
            words = f"{label}: {count} {names[level].lower()}"
            tone = level.lower()
            parts.append(
                Part(round(middle - width / 2, 1), round(y, 1), width, count * unit, tone, words)
            )
        head = share_words(tally.kept, tally.total) or (f"{tally.kept} of {tally.total}")
        bars.append(Bar(round(middle, 1), round(y, 1), label, head if tally.total else "", parts))
    rules = [Rule(round(BOTTOM - n * unit, 1), n) for n in range(0, top + 1, step)]
    return Plot(bars, rules)
