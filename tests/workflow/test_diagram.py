"""The drawing: boxes apart, every state and step in it, stable, and fast for large ones."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay.conftest import DEFINITIONS, LOGS
from tests.workflow.conftest import body
from wfweb.workflow import diagram, graph, layout
from wfweb.workflow.definitions import read_body
from wfweb.workflow.schemas import DefinitionBody


def boxes_overlap(drawing: diagram.Diagram) -> bool:
    boxes = drawing.boxes
    return any(
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and abs(one.y - other.y) < diagram.BOX_HEIGHT
        for number, one in enumerate(boxes)
        for other in boxes[number + 1 :]
    )


def machine(edges: list[tuple[int, int]], count: int) -> DefinitionBody:
    ways: list[dict[str, Any]] = [
        {"code": f"w{n}", "from": f"s{a}", "to": f"s{b}"} for n, (a, b) in enumerate(edges)
    ]
    states = [
        {"code": f"s{n}", "name": f"State {n}", "type": "normal" if n else "start"}
        for n in range(count)
    ]
    return DefinitionBody.model_validate(body(states=states, transitions=ways))


def test_every_state_and_step_is_drawn_and_described() -> None:
    drawing = diagram.draw(DefinitionBody.model_validate(body()))
    assert [box.name for box in drawing.boxes] == ["New", "Checked", "Done"]
    assert [line.title for line in drawing.lines] == [
        "New to Checked: Check",
        "Checked to New: Back",
        "Checked to Done: Finish",
    ]
    assert drawing.boxes[2].sentence == "State Done, an end, nothing follows"
    assert "begins in New, 3 states, 3 steps, may end in Done" in drawing.sentence


EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30)


@given(EDGES)
def test_any_graph_is_drawn_without_boxes_over_each_other(edges: list[tuple[int, int]]) -> None:
    drawing = diagram.draw(machine(edges, 8))
    assert len(drawing.boxes) == 8
    assert len(drawing.lines) == len(set(edges))
    assert not boxes_overlap(drawing)
    assert all(box.x >= 0 and box.x + box.width <= drawing.width for box in drawing.boxes)


@given(EDGES)
def test_forward_edges_lead_down(edges: list[tuple[int, int]]) -> None:
    pairs = list(dict.fromkeys((f"s{a}", f"s{b}") for a, b in edges))
    nodes = [f"s{n}" for n in range(8)]
    layers = layout.arrange(nodes, pairs, "s0")
    row = {node: number for number, names in enumerate(layers.rows) for node in names}
    forward = [pair for pair in pairs if pair not in layers.backward]
    assert all(row[one] < row[other] for one, other in forward)
    assert graph.a_cycle(graph.edges_of(forward)) is None


@given(EDGES)
def test_a_cycle_that_is_found_is_one(edges: list[tuple[int, int]]) -> None:
    pairs = {(str(a), str(b)) for a, b in edges}
    cycle = graph.a_cycle(graph.edges_of(sorted(pairs)))
    reach = {one: graph.reachable(graph.edges_of(sorted(pairs)), [one]) for one, _other in pairs}
    if cycle is None:
        assert all(one not in reach.get(other, {other}) for one, other in pairs)
    else:
        assert all(pair in pairs for pair in zip(cycle, [*cycle[1:], cycle[0]], strict=True))


@pytest.mark.parametrize("path", DEFINITIONS, ids=lambda path: path.stem)
def test_definitions_found_in_logs_are_drawn_quickly(path: Path) -> None:
    if not path.exists():
        pytest.skip(f"the definitions are not at {LOGS}")
    made = read_body(path.read_bytes())
    begun = time.perf_counter()
    drawing = diagram.draw(made)
    assert time.perf_counter() - begun < 1
    assert not boxes_overlap(drawing)
