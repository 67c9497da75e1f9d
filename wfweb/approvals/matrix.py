"""The approval matrix: an ordered decision table from conditions to levels of approvers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from wfweb import conditions

from .hit_policy import HitPolicy, select
from .rules import MAX_LEVELS, LevelRule, Ordering, Quorum

Condition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LevelSpec:
    """One level as written in a matrix or a definition; approvers are found at level entry.

    ``approvers`` are entries such as ``{"role": "finance"}``; ``due_hours`` are hours of the
    business calendar whose code is ``calendar``, else of the company's default.
    """

    name: str
    approvers: tuple[Mapping[str, Any], ...] = ()
    rule: LevelRule = field(default_factory=LevelRule)
    due_hours: Decimal | None = None
    self_approval: bool = False
    calendar: str | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> LevelSpec:
        """Read a level from plain data. Raises ``ValueError`` for a rule without sense."""
        floor, due = data.get("min_approvers"), data.get("due_hours")
        rule = LevelRule(
            Quorum(data.get("quorum", Quorum.ANY)),
            None if floor is None else int(floor),
            Ordering(data.get("ordering", Ordering.PARALLEL)),
        )
        return cls(
            name=str(data.get("name", "")),
            approvers=tuple(dict(entry) for entry in data.get("approvers", ())),
            rule=rule,
            due_hours=None if due is None else Decimal(str(due)),
            self_approval=bool(data.get("self_approval", False)),
            calendar=data.get("calendar"),
        )

    def to_data(self) -> dict[str, Any]:
        """Return the level as plain data, the inverse of ``from_data``."""
        return {
            "name": self.name,
            "approvers": [dict(entry) for entry in self.approvers],
            "quorum": self.rule.quorum.value,
            "min_approvers": self.rule.min_approvers,
            "ordering": self.rule.ordering.value,
            "due_hours": None if self.due_hours is None else str(self.due_hours),
            "self_approval": self.self_approval,
            "calendar": self.calendar,
        }


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row: when it matches, and what follows (levels, an automatic approval, or outputs)."""

    id: str
    name: str
    when: Condition
    levels: tuple[LevelSpec, ...] = ()
    auto_approve: bool = False
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_data(cls, data: Mapping[str, Any], number: int) -> MatrixRow:
        """Read a row from plain data. Raises ``ValueError`` for a level without sense."""
        return cls(
            id=str(data.get("id") or number),
            name=str(data.get("name") or f"Row {number}"),
            when=data.get("when") or {},
            levels=tuple(LevelSpec.from_data(level) for level in data.get("levels", ())),
            auto_approve=data.get("auto_approve") is True,
        )

    def to_data(self) -> dict[str, Any]:
        """Return the row as plain data, the inverse of ``from_data``."""
        return {
            "id": self.id,
            "name": self.name,
            "when": dict(self.when),
            "levels": [level.to_data() for level in self.levels],
            "auto_approve": self.auto_approve,
        }


@dataclass(frozen=True)
class Matrix:
    """Ordered rows, a hit policy, and the days in which the matrix is in force (both included).

    Raises ``conditions.MalformedConditionError`` for a row whose condition cannot be read.
    """

    rows: tuple[MatrixRow, ...]
    hit_policy: HitPolicy = HitPolicy.FIRST
    valid_from: date | None = None
    valid_to: date | None = None
    _tests: tuple[Callable[[Any], bool], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tests = tuple(conditions.compile(row.when) for row in self.rows)
        object.__setattr__(self, "_tests", tests)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Matrix:
        """Read a matrix from plain data (dates as ISO texts). Raises ``ValueError``."""
        start, end = data.get("valid_from"), data.get("valid_to")
        rows = enumerate(data.get("rows", ()), start=1)
        return cls(
            rows=tuple(MatrixRow.from_data(row, number) for number, row in rows),
            hit_policy=HitPolicy(data.get("hit_policy", HitPolicy.FIRST)),
            valid_from=date.fromisoformat(start) if start else None,
            valid_to=date.fromisoformat(end) if end else None,
        )

    def to_data(self) -> dict[str, Any]:
        """Return the matrix as plain data, the inverse of ``from_data``."""
        return {
            "rows": [row.to_data() for row in self.rows],
            "hit_policy": self.hit_policy.value,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "valid_to": self.valid_to.isoformat() if self.valid_to else None,
        }

    def in_force(self, day: date) -> bool:
        """Tell whether the matrix applies on a day."""
        started = self.valid_from is None or self.valid_from <= day
        return started and (self.valid_to is None or day <= self.valid_to)

    def matching(self, context: Any) -> Iterator[MatrixRow]:
        """Yield the rows whose condition holds in a context, in table order."""
        for row, test in zip(self.rows, self._tests, strict=True):
            if test(context):
                yield row


class MatrixStatus(StrEnum):
    """What a matrix says about one record. Only ``auto_approved`` and ``levels`` can proceed."""

    LEVELS = "levels"
    AUTO_APPROVED = "auto_approved"
    NO_ROW = "no_row"
    NO_LEVELS = "no_levels"
    TOO_MANY_LEVELS = "too_many_levels"
    NOT_IN_FORCE = "not_in_force"


@dataclass(frozen=True, slots=True)
class MatrixResult:
    """What a matrix chose, and why (``explanation`` is plain JSON)."""

    status: MatrixStatus
    rows: tuple[MatrixRow, ...]
    levels: tuple[LevelSpec, ...]
    explanation: Mapping[str, Any]

    @property
    def auto_approved(self) -> bool:
        """Whether a row said by name that nobody needs to be asked."""
        return self.status is MatrixStatus.AUTO_APPROVED


def choose(
    matrix: Matrix,
    context: Any,
    *,
    on: date | None = None,
    fields: conditions.FieldTypes | None = None,
) -> MatrixResult:
    """Return the levels a matrix asks for in a context, or why it cannot say.

    ``on`` is the day for which the matrix must be in force (not checked without); ``fields`` give
    the labels of the explanation. Nothing is ever approved automatically unless every counting
    row says so by name: a row without levels, or no row at all, is a status that needs a person.
    """
    if on is not None and not matrix.in_force(on):
        text = f"The matrix is not in force on {on.isoformat()}"
        return MatrixResult(MatrixStatus.NOT_IN_FORCE, (), (), {"text": text, "rows": []})
    rows = tuple(_counting(matrix, context))
    levels = _levels(rows)
    status = _status(rows, levels)
    explanation = _explanation(matrix, rows, status, context, fields)
    keep = levels if status is MatrixStatus.LEVELS else ()
    return MatrixResult(status, rows, keep, explanation)


def _counting(matrix: Matrix, context: Any) -> Sequence[MatrixRow]:
    found = matrix.matching(context)
    if matrix.hit_policy is HitPolicy.FIRST:
        row = next(found, None)
        return [] if row is None else [row]
    return select(matrix.hit_policy, list(found), output=lambda row: row.levels)


def _levels(rows: Sequence[MatrixRow]) -> tuple[LevelSpec, ...]:
    """Return the levels of all rows in order, a level that is asked for twice only once."""
    found: list[LevelSpec] = []
    for row in rows:
        found += [level for level in row.levels if level not in found]
    return tuple(found)


def _status(rows: Sequence[MatrixRow], levels: Sequence[LevelSpec]) -> MatrixStatus:
    if not rows:
        return MatrixStatus.NO_ROW
    if len(levels) > MAX_LEVELS:
        return MatrixStatus.TOO_MANY_LEVELS
    if any(not row.levels and not row.auto_approve for row in rows):
        return MatrixStatus.NO_LEVELS
    return MatrixStatus.LEVELS if levels else MatrixStatus.AUTO_APPROVED


_SAID = {
    MatrixStatus.LEVELS: "{names} asks for {count}",
    MatrixStatus.AUTO_APPROVED: "{names} approves automatically",
    MatrixStatus.NO_ROW: "No row matches",
    MatrixStatus.NO_LEVELS: "{names} matches, but a row names no level and no automatic approval",
    MatrixStatus.TOO_MANY_LEVELS: "{names} asks for more than 10 levels",
}


def _explanation(
    matrix: Matrix,
    rows: Sequence[MatrixRow],
    status: MatrixStatus,
    context: Any,
    fields: conditions.FieldTypes | None,
) -> dict[str, Any]:
    count = len(_levels(rows))
    text = _SAID[status].format(
        names=" and ".join(f"“{row.name}”" for row in rows),
        count="1 level" if count == 1 else f"{count} levels",
    )
    known = conditions.FieldTypes({}) if fields is None else fields
    return {
        "text": text,
        "hit_policy": matrix.hit_policy.value,
        "status": status.value,
        "rows": [
            {
                "id": row.id,
                "name": row.name,
                "why": conditions.explain(row.when, context, known).to_json(),
            }
            for row in rows
        ],
    }


def rows_from_bands(
    bands: Sequence[Mapping[str, Any]], field_path: str, chain: Sequence[LevelSpec]
) -> tuple[MatrixRow, ...]:
    """Return a row for each band ``{"from": "50", "below": "250", "levels": 1}`` of an amount.

    The lower edge belongs to the band, the upper does not; edges are decimals, ``None`` or
    absent for no edge. ``levels`` is how many levels of ``chain`` the band asks for; 0 approves
    automatically. Raises ``ValueError`` when a band asks for more levels than the chain has and
    ``ArithmeticError`` for an edge that is no number.
    """
    return tuple(_band(band, number, field_path, chain) for number, band in enumerate(bands, 1))


def _band(
    band: Mapping[str, Any], number: int, field_path: str, chain: Sequence[LevelSpec]
) -> MatrixRow:
    low, high, count = band.get("from"), band.get("below"), int(band["levels"])
    if not 0 <= count <= len(chain):
        raise ValueError(f"band {number} asks for {count} levels, but the chain has {len(chain)}")
    edges = [(">=", low, "from"), ("<", high, "below")]
    given = [
        (operator, str(Decimal(str(value))), word)
        for operator, value, word in edges
        if value is not None
    ]
    tests = [{"field": field_path, "operator": op, "value": value} for op, value, _ in given]
    return MatrixRow(
        id=str(number),
        name=" ".join(f"{word} {value}" for _, value, word in given).capitalize() or "Any amount",
        when={"all": tests} if tests else {"field": field_path, "operator": "is set"},
        levels=tuple(chain[:count]),
        auto_approve=count == 0,
    )


def record_fields(condition: Any) -> set[str]:
    """Return the record's fields that a condition reads."""
    found = set()
    for path in conditions.fields_read(condition):
        text = str(path)
        root, _, rest = text.partition(".")
        if root not in conditions.ROOTS or not rest:
            found.add(root)
        elif root == "record":
            found.add(rest.partition(".")[0])
    return found
