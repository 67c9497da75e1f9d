"""A definition as a drawing: boxes, lines and a sentence for each, ready for an SVG template."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from wfweb.workflow.layout import Layers, Pair, arrange
from wfweb.workflow.rules import label_of
from wfweb.workflow.schemas import DefinitionBody, State, Transition

BOX_HEIGHT = 52
ROW_GAP, COLUMN_GAP, MARGIN = 78, 44, 24
LANE = 22
LETTER = 7.6
LONGEST_NAME, LONGEST_LABEL = 24, 28
LABEL_LETTER, LABEL_HEIGHT = 6.0, 13.0


@dataclass(frozen=True, slots=True)
class Box:
    """A state: where it is and what is said of it."""

    code: str
    name: str
    note: str
    kind: str
    sentence: str
    x: float
    y: float
    width: float

    @property
    def centre(self) -> float:
        """The middle from left to right."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Line:
    """One or more steps between two states."""

    path: str
    label: str
    title: str
    x: float
    y: float
    automatic: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole drawing, in pixels."""

    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]
    sentence: str


def draw(body: DefinitionBody) -> Diagram:
    """Lay a definition out from top to bottom."""
    states = {state.code: state for state in body.states}
    ways = [way for way in body.transitions if {way.from_state, way.to} <= set(states)]
    pairs = list(dict.fromkeys((way.from_state, way.to) for way in ways))
    start = next((s.code for s in body.states if s.type == "start"), body.states[0].code)
    layers = arrange(list(states), pairs, start)
    places = _places(layers, states)
    boxes = {
        code: _box(states[code], [w for w in ways if w.from_state == code], states, *places[code])
        for code in states
    }
    right = max(x + width for x, _y, width in places.values())
    lines = _lines(layers, pairs, ways, boxes, places, right)
    lanes = len([pair for pair in layers.backward if pair[0] != pair[1]])
    return Diagram(
        width=right + MARGIN + LANE * (lanes + 1),
        height=MARGIN * 2 + len(layers.rows) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP,
        boxes=list(boxes.values()),
        lines=lines,
        sentence=_sentence(body, states[start]),
    )


def _places(layers: Layers, states: dict[str, State]) -> dict[str, tuple[float, float, float]]:
    """Return left edge, top and width of every box and stand-in, each layer centred."""
    widths = {
        node: _width(states[node].name) if node in states else 8.0
        for row in layers.rows
        for node in row
    }
    spans = [sum(widths[n] for n in row) + COLUMN_GAP * (len(row) - 1) for row in layers.rows]
    widest = max(spans, default=0)
    places: dict[str, tuple[float, float, float]] = {}
    for number, row in enumerate(layers.rows):
        x = MARGIN + (widest - spans[number]) / 2
        y = MARGIN + number * (BOX_HEIGHT + ROW_GAP)
        for node in row:
            places[node] = (x, y, widths[node])
            x += widths[node] + COLUMN_GAP
    return places


def _width(name: str) -> float:
    return max(96.0, min(len(name), LONGEST_NAME) * LETTER + 32)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _box(
    state: State, ways: Sequence[Transition], states: dict[str, State], x: float, y: float, w: float
) -> Box:
    return Box(
        code=state.code,
        name=_short(state.name, LONGEST_NAME),
        note=_note(state),
        kind=state.type,
        sentence=_box_sentence(state, ways, states),
        x=x,
        y=y,
        width=w,
    )


def _note(state: State) -> str:
    if state.approval is not None:
        count = len(state.approval.levels)
        return "by matrix" if state.approval.matrix else f"{count} level{'s' * (count != 1)}"
    if state.timeout_hours is not None:
        return f"{state.timeout_hours:g} h"
    return {"start": "start", "end": "end", "error": "error"}.get(state.type, "")


def _box_sentence(state: State, ways: Sequence[Transition], states: dict[str, State]) -> str:
    kinds = {
        "start": "the start",
        "approval": "an approval",
        "end": "an end",
        "error": "for errors",
    }
    what = f"State {state.name}" + (f", {kinds[state.type]}" if state.type in kinds else "")
    if not ways:
        return f"{what}, nothing follows"
    out = "; ".join(f"{label_of(way)} leads to {states[way.to].name}" for way in ways)
    return f"{what}, {len(ways)} way{'s' * (len(ways) != 1)} out: {out}"


def _sentence(body: DefinitionBody, start: State) -> str:
    ends = ", ".join(s.name for s in body.states if s.type == "end" or s.final) or "nothing"
    return (
        f"States of {body.name}: begins in {start.name}, {len(body.states)} states,"
        f" {len(body.transitions)} steps, may end in {ends}."
    )


def _lines(
    layers: Layers,
    pairs: Sequence[Pair],
    ways: Sequence[Transition],
    boxes: dict[str, Box],
    places: dict[str, tuple[float, float, float]],
    right: float,
) -> list[Line]:
    free = _Free(list(boxes.values()))
    lines: list[Line] = []
    lane = 0
    for pair in pairs:
        one, other = boxes[pair[0]], boxes[pair[1]]
        if pair[0] == pair[1]:
            path, x, y = _loop(one)
        elif pair in layers.backward:
            lane += 1
            path, x, y = _return(one, other, right + LANE * lane)
        else:
            path, x, y = _down(layers.chains[pair], places)
        taken = [way for way in ways if (way.from_state, way.to) == pair]
        names = " or ".join(dict.fromkeys(label_of(way) for way in taken))
        label = _short(names, LONGEST_LABEL)
        place = free.place(label, x, y)
        lines.append(
            Line(
                path=path,
                label=label if place is not None else "",
                title=f"{one.name} to {other.name}: {names}",
                x=x,
                y=place if place is not None else y,
                automatic=all(way.trigger in {"condition", "timeout"} for way in taken),
            )
        )
    return lines


class _Free:
    """Finds room for labels: a label that would cover another or a box is left to the tip."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._taken = [(b.x, b.y, b.x + b.width, b.y + BOX_HEIGHT) for b in boxes]

    def place(self, label: str, x: float, y: float) -> float | None:
        """Return the height at which a label centred at ``x`` fits near ``y``, if any does."""
        half = len(label) * LABEL_LETTER / 2
        for shift in (0.0, 1.0, -1.0, 2.0, -2.0):
            base = y + shift * LABEL_HEIGHT
            rect = (x - half, base - LABEL_HEIGHT + 3, x + half, base + 3)
            if not any(_overlap(rect, other) for other in self._taken):
                self._taken.append(rect)
                return base
        return None


def _overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _down(
    chain: Sequence[str], places: dict[str, tuple[float, float, float]]
) -> tuple[str, float, float]:
    """Return a line from box to box, through its stand-ins, and the place of its label."""
    points = []
    for number, node in enumerate(chain):
        x, y, width = places[node]
        top = y if number == len(chain) - 1 else y + BOX_HEIGHT
        points.append((x + width / 2, y, top))
    path = f"M{points[0][0]:.0f} {points[0][2]:.0f}"
    for (x0, _y0, bottom), (x1, top, after) in pairwise(points):
        middle = (bottom + top) / 2
        path += f"C{x0:.0f} {middle:.0f} {x1:.0f} {middle:.0f} {x1:.0f} {top:.0f}"
        if after != top:
            path += f"V{after:.0f}"
    (x0, _t0, y0), (x1, y1, _a1) = points[0], points[1]
    return path, (x0 + x1) / 2, (y0 + y1) / 2 + 4


def _return(one: Box, other: Box, lane: float) -> tuple[str, float, float]:
    """Return a line back up, at the right of all boxes."""
    y0, y1 = one.y + BOX_HEIGHT * 0.65, other.y + BOX_HEIGHT * 0.35
    path = (
        f"M{one.x + one.width:.0f} {y0:.0f}C{lane:.0f} {y0:.0f} {lane:.0f} {y0:.0f}"
        f" {lane:.0f} {(y0 + y1) / 2:.0f}"
        f"C{lane:.0f} {y1:.0f} {lane:.0f} {y1:.0f} {other.x + other.width:.0f} {y1:.0f}"
    )
    return path, (one.x + one.width + lane) / 2, y0 - 6


def _loop(box: Box) -> tuple[str, float, float]:
    """Return a small loop at the lower right corner of a box."""
    x, y = box.x + box.width - 18, box.y + BOX_HEIGHT
    return f"M{x:.0f} {y:.0f}c0 26 34 26 18 -18", x + 14, y + 26
