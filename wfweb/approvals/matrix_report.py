"""What is wrong with a matrix before it is used: gaps, overlaps, rows without effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, product
from math import prod
from typing import Any, Final

from wfweb import conditions
from wfweb.conditions.evaluation import read_condition
from wfweb.conditions.model import Always, Node

from .hit_policy import HitPolicy
from .matrix import LevelSpec, Matrix, MatrixRow
from .matrix_axes import Axis, Cell, axes_of, holds
from .rules import MAX_LEVELS

# Beyond this many cells a complete check takes longer than somebody who saves wants to wait.
MAX_CELLS: Final = 4_000
_MAX_TOLD: Final = 25

ERROR, WARNING, NOTICE = "error", "warning", "notice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a matrix. Only a matrix without ``error`` may be put in force.

    ``rows`` are the ids of the rows concerned, ``path`` the place in the data where there is one.
    """

    kind: str
    severity: str
    message: str
    rows: tuple[str, ...] = ()
    path: str = ""


def report(matrix: Matrix, fields: conditions.FieldTypes) -> list[Finding]:
    """Return the findings about a matrix, errors first."""
    found = [*_table(matrix), *_rows(matrix, fields)]
    found += _Regions(matrix, fields).findings()
    order = (ERROR, WARNING, NOTICE)
    return sorted(found, key=lambda finding: order.index(finding.severity))


def check_data(data: Mapping[str, Any], fields: conditions.FieldTypes) -> list[Finding]:
    """Return the findings about a matrix in plain data, also when it cannot be read at all."""
    rows = data.get("rows", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return [Finding("data", ERROR, "Give the rows as a list of objects", (), "rows")]
    faults = [
        Finding(
            "condition", ERROR, fault.message, (), f"rows[{index}].when.{fault.path}".rstrip(".")
        )
        for index, row in enumerate(rows)
        for fault in conditions.validate(row.get("when"), fields)
    ]
    if faults:
        return faults
    try:
        matrix = Matrix.from_data(data)
    except (ValueError, TypeError, ArithmeticError) as error:
        return [Finding("data", ERROR, f"The matrix cannot be read: {error}")]
    return report(matrix, fields)


def _table(matrix: Matrix) -> Iterator[Finding]:
    if not matrix.rows:
        yield Finding("gap", ERROR, "The matrix has no rows, so every request would be at risk")
    if matrix.hit_policy not in (HitPolicy.FIRST, HitPolicy.COLLECT):
        text = "Use “first” (the first matching row) or “collect” (the levels of all matching rows)"
        yield Finding("hit_policy", ERROR, text)
    if matrix.valid_from and matrix.valid_to and matrix.valid_from > matrix.valid_to:
        yield Finding("dates", ERROR, "The matrix ends before it starts")
    ids = [row.id for row in matrix.rows]
    for double in sorted({name for name in ids if ids.count(name) > 1}):
        yield Finding("duplicate_id", ERROR, f"Two rows have the id “{double}”", (double,))


def _rows(matrix: Matrix, fields: conditions.FieldTypes) -> Iterator[Finding]:
    for number, row in enumerate(matrix.rows, start=1):
        for fault in conditions.validate(row.when, fields):
            path = f"rows[{number - 1}].when.{fault.path}".rstrip(".")
            yield Finding("condition", ERROR, f"Row {number}: {fault.message}", (row.id,), path)
        yield from _levels_of(row, number)


def _levels_of(row: MatrixRow, number: int) -> Iterator[Finding]:
    def fault(kind: str, text: str) -> Finding:
        return Finding(kind, ERROR, f"Row {number} {text}", (row.id,), f"rows[{number - 1}].levels")

    if not row.levels and not row.auto_approve:
        yield fault("no_levels", "asks nobody; name a level, or say that it approves automatically")
    if row.levels and row.auto_approve:
        yield fault("auto_approve", "both approves automatically and asks people; choose one")
    if len(row.levels) > MAX_LEVELS:
        yield fault(
            "too_many_levels", f"has {len(row.levels)} levels; at most {MAX_LEVELS} are possible"
        )
    for place, level in enumerate(row.levels, start=1):
        name = level.name or f"level {place}"
        if not level.approvers:
            yield fault("no_approver", f"has no approver on {name}")
        elif _too_few(level):
            yield fault("too_few", f"needs more approvals on {name} than it names people")


def _too_few(level: LevelSpec) -> bool:
    """Tell whether only single people are named, and fewer than the rule needs."""
    named = {str(entry.get("user")) for entry in level.approvers if set(entry) == {"user"}}
    return len(named) == len(level.approvers) < level.rule.needed(len(named))


@dataclass(frozen=True, slots=True)
class _Segment:
    """A stretch of the main axis (``words``) with the same matching rows, at one combination."""

    words: str
    rows: tuple[int, ...]
    combination: tuple[Cell, ...]
    quiet: bool = False


class _Regions:
    """Which rows match where."""

    def __init__(self, matrix: Matrix, fields: conditions.FieldTypes) -> None:
        self.matrix = matrix
        self.nodes: list[Node] = [read_condition(row.when)[0] for row in matrix.rows]
        axes = axes_of(self.nodes, fields)
        main = next((axis for axis in axes if axis.ordered), None)
        self.main = main or Axis("", "", (Cell(None, ""),), ordered=False)
        self.others = [axis for axis in axes if axis is not main]
        self.size = prod(len(axis.cells) for axis in axes)

    def findings(self) -> Iterator[Finding]:
        """Yield gaps, overlaps and rows that never count."""
        if self.size > MAX_CELLS:
            text = "The conditions combine in too many ways to check all for gaps and overlaps"
            yield Finding("not_checked", NOTICE, text)
            return
        segments = list(self._segments())
        if self.matrix.rows:
            yield from self._told("gap", [s for s in segments if not s.rows])
        yield from self._without_effect(segments)
        if self.matrix.hit_policy is HitPolicy.COLLECT:
            yield from self._too_many_together(segments)
        else:
            shared = [self._without_catch_all(segment) for segment in segments]
            yield from self._told("overlap", [s for s in shared if len(s.rows) > 1])

    def _segments(self) -> Iterator[_Segment]:
        for combination in product(*(axis.cells for axis in self.others)):
            keys = (axis.key for axis in self.others)
            place = dict(zip(keys, combination, strict=True))

            def matching(cell: Cell, place: dict[str, Cell] = place) -> tuple[int, ...]:
                full = {**place, self.main.key: cell}
                return tuple(i for i, node in enumerate(self.nodes) if holds(node, full))

            found = [(matching(cell), (cell.ordered, cell.quiet), cell) for cell in self.main.cells]
            for (rows, (_, quiet)), run in groupby(found, key=lambda entry: entry[:2]):
                cells = [cell for _, _, cell in run]
                yield _Segment(_stretch(cells), rows, combination, quiet)

    def _without_catch_all(self, segment: _Segment) -> _Segment:
        """Leave out rows that always match: catching what is left is what they are for."""
        rows = tuple(row for row in segment.rows if not isinstance(self.nodes[row], Always))
        return replace(segment, rows=rows)

    def _told(self, kind: str, segments: Sequence[_Segment]) -> Iterator[Finding]:
        groups: dict[tuple[str, tuple[int, ...]], list[tuple[Cell, ...]]] = {}
        for segment in segments:
            if segment.quiet:
                continue
            groups.setdefault((segment.words, segment.rows), []).append(segment.combination)
        told = 0
        for (words, rows), combinations in groups.items():
            for when in self._conditions(combinations):
                told += 1
                if told > _MAX_TOLD:
                    text = f"There are more {kind}s than the {_MAX_TOLD} named here"
                    yield Finding("not_checked", NOTICE, text)
                    return
                yield self._finding(kind, " ".join(part for part in (words, when) if part), rows)

    def _finding(self, kind: str, where: str, rows: tuple[int, ...]) -> Finding:
        ids = tuple(self.matrix.rows[row].id for row in rows)
        if kind == "gap":
            text = f"{where} no row matches" if where else "there are requests that no row matches"
            return Finding(kind, WARNING, text[:1].upper() + text[1:], ids)
        numbers = _listed([str(row + 1) for row in rows])
        both = "both" if len(rows) == len(("one", "other")) else "all"
        text = f"Rows {numbers} {both} match {where}".rstrip() + f"; row {rows[0] + 1} wins"
        return Finding(kind, NOTICE, text, ids)

    def _conditions(self, combinations: Sequence[tuple[Cell, ...]]) -> list[str]:
        """Say at which combinations something is so: nothing when at all of them."""
        seen = [list(dict.fromkeys(cells)) for cells in zip(*combinations, strict=True)]
        if prod(len(cells) for cells in seen) != len(combinations):
            return [_when([[cell] for cell in combination]) for combination in combinations]
        partial = [
            cells for cells, axis in zip(seen, self.others, strict=True)
            if len(cells) < len(axis.cells)
        ]  # fmt: skip
        return [_when(partial)]

    def _without_effect(self, segments: Sequence[_Segment]) -> Iterator[Finding]:
        first_only = self.matrix.hit_policy is HitPolicy.FIRST
        for index, row in enumerate(self.matrix.rows):
            matched = [segment for segment in segments if index in segment.rows]
            if not matched:
                text = f"Row {index + 1} can never match: its conditions exclude each other"
                yield Finding("unreachable", WARNING, text, (row.id,))
            elif first_only and all(segment.rows[0] != index for segment in matched):
                winners = sorted({segment.rows[0] + 1 for segment in matched})
                names = _listed([str(winner) for winner in winners])
                before = f"row {names} comes" if len(winners) == 1 else f"rows {names} come"
                text = f"Row {index + 1} is never used: {before} first wherever it matches"
                yield Finding("unreachable", WARNING, text, (row.id,))

    def _too_many_together(self, segments: Sequence[_Segment]) -> Iterator[Finding]:
        told: set[tuple[int, ...]] = set()
        for segment in segments:
            levels: list[LevelSpec] = []
            for row in segment.rows:
                levels += [lv for lv in self.matrix.rows[row].levels if lv not in levels]
            if len(levels) > MAX_LEVELS and segment.rows not in told:
                told.add(segment.rows)
                numbers = _listed([str(row + 1) for row in segment.rows])
                text = (
                    f"Rows {numbers} together ask for {len(levels)} levels {segment.words}".rstrip()
                )
                ids = tuple(self.matrix.rows[row].id for row in segment.rows)
                yield Finding(
                    "too_many_levels", ERROR, f"{text}; at most {MAX_LEVELS} are possible", ids
                )


def _stretch(cells: Sequence[Cell]) -> str:
    """Say a run of neighbouring cells: ``from 100.00 to under 250.00``."""
    first, last = cells[0], cells[-1]
    if not first.ordered:
        return f"when {first.name}" if first.name else ""
    low, high = first.low, last.high
    if low is None and high is None:
        return ""
    if low == high and first.low_included:
        return f"at exactly {low}"
    if low is None or high is None:
        word, edge = ("from" if first.low_included else "over", low)
        if low is None:
            word, edge = ("up to" if last.high_included else "under", high)
        return f"{word} {edge}"
    if not first.low_included and not last.high_included:
        return f"between {low} and {high}"
    start = "from" if first.low_included else "over"
    return f"{start} {low} to {'' if last.high_included else 'under '}{high}"


def _when(choices: Sequence[Sequence[Cell]]) -> str:
    parts = [" or ".join(cell.name for cell in cells) for cells in choices]
    return f"when {' and '.join(parts)}" if parts else ""


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
