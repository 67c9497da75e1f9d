"""Placing the states of a definition in layers, and routing the steps between them. Pure.

Layers by the longest way from the start, order within a layer by the neighbours' places,
and stand-ins where a step passes a layer, so that lines go around boxes and not through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 6
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layers:
    """Nodes by layer in their order; stand-ins of a long edge are named by edge and layer."""

    rows: list[list[str]]
    chains: dict[Pair, list[str]]
    backward: frozenset[Pair]


def backward_edges(starts: Sequence[str], edges: Mapping[str, Sequence[str]]) -> frozenset[Pair]:
    """Return the edges that lead back to a node on the way from the start; loops included."""
    found: set[Pair] = set()
    done: set[str] = set()
    for start in starts:
        if start in done:
            continue
        path, stack = {start}, [(start, iter(edges.get(start, ())))]
        while stack:
            node, ends = stack[-1]
            for end in ends:
                if end in path:
                    found.add((node, end))
                elif end not in done:
                    path.add(end)
                    stack.append((end, iter(edges.get(end, ()))))
                    break
            else:
                stack.pop()
                path.discard(node)
                done.add(node)
    return frozenset(found)


def ranks(nodes: Sequence[str], forward: Sequence[Pair]) -> dict[str, int]:
    """Return each node's layer: the longest way to it over forward edges, which have no cycle."""
    rank = dict.fromkeys(nodes, 0)
    waiting = {node: sum(end == node for _start, end in forward) for node in nodes}
    ready = [node for node in nodes if waiting[node] == 0]
    while ready:
        node = ready.pop(0)
        for start, end in forward:
            if start == node:
                rank[end] = max(rank[end], rank[node] + 1)
                waiting[end] -= 1
                if waiting[end] == 0:
                    ready.append(end)
    return rank


def arrange(nodes: Sequence[str], pairs: Sequence[Pair], start: str) -> Layers:
    """Place nodes in layers and order each layer so that few lines cross."""
    edges: dict[str, list[str]] = {}
    for one, other in pairs:
        edges.setdefault(one, []).append(other)
    first = [start, *[node for node in nodes if node != start]]
    backward = backward_edges(first, edges)
    forward = [pair for pair in pairs if pair not in backward]
    rank = ranks(first, forward)
    rows: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for node in first:
        rows[rank[node]].append(node)
    chains: dict[Pair, list[str]] = {}
    links: list[Pair] = []
    for one, other in forward:
        chain = [one]
        for layer in range(rank[one] + 1, rank[other]):
            stand_in = f"{one}>{other}@{layer}"
            rows[layer].append(stand_in)
            chain.append(stand_in)
        chain.append(other)
        chains[(one, other)] = chain
        links += list(pairwise(chain))
    _order(rows, links)
    return Layers(rows, chains, backward)


def _order(rows: list[list[str]], links: Sequence[Pair]) -> None:
    """Sort each layer by the mean place of its neighbours, downwards and upwards in turn."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for one, other in links:
        below.setdefault(one, []).append(other)
        above.setdefault(other, []).append(one)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for number in range(1, len(rows)) if downwards else range(len(rows) - 2, -1, -1):
            fixed = rows[number - 1 if downwards else number + 1]
            _sort(rows[number], fixed, neighbours)


def _sort(row: list[str], fixed: Sequence[str], neighbours: Mapping[str, Sequence[str]]) -> None:
    place = {node: number / max(1, len(fixed) - 1) for number, node in enumerate(fixed)}
    own = {node: number / max(1, len(row) - 1) for number, node in enumerate(row)}

    def wanted(node: str) -> float:
        places = [place[other] for other in neighbours.get(node, ()) if other in place]
        return sum(places) / len(places) if places else own[node]

    row.sort(key=wanted)
