"""The graph of a definition: what can be reached from where. Pure, on codes alone."""

from collections.abc import Iterable, Mapping, Sequence

Edges = Mapping[str, Sequence[str]]


def edges_of(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return successors by node, each once, in the order they were given."""
    found: dict[str, list[str]] = {}
    for start, end in pairs:
        ends = found.setdefault(start, [])
        if end not in ends:
            ends.append(end)
    return found


def reachable(edges: Edges, starts: Iterable[str]) -> set[str]:
    """Return the starts and everything that can be reached from them."""
    seen: set[str] = set()
    open_nodes = list(starts)
    while open_nodes:
        node = open_nodes.pop()
        if node not in seen:
            seen.add(node)
            open_nodes.extend(edges.get(node, ()))
    return seen


def reversed_edges(edges: Edges) -> dict[str, list[str]]:
    """Return the same edges the other way round."""
    return edges_of((end, start) for start, ends in edges.items() for end in ends)


def a_cycle(edges: Edges) -> list[str] | None:
    """Return one cycle as the nodes on it in order, or nothing when there is none."""
    done: set[str] = set()
    for root in edges:
        path: list[str] = []
        stack: list[tuple[str, int]] = [(root, 0)]
        while stack:
            node, turn = stack.pop()
            if turn == 0:
                if node in path:
                    return path[path.index(node) :]
                if node in done:
                    continue
                path.append(node)
            ends = edges.get(node, ())
            if turn < len(ends):
                stack.append((node, turn + 1))
                stack.append((ends[turn], 0))
            else:
                done.add(node)
                path.pop()
    return None
