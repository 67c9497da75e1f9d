"""The parts of a condition after reading: paths, operands and nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from .values import normalise

ORDERING: Final = (">", ">=", "<", "<=")
WITHOUT_VALUE: Final = ("is set", "is empty", "changed")
OPERATORS: Final = (
    *("=", "!=", *ORDERING, "in", "not in", "contains", "not contains"),
    *("is set", "is empty", "between", "changed"),
)
AGGREGATES: Final = ("sum", "count", "min", "max", "any", "all")
ROOTS: Final = ("record", "requester", "instance", "clock", "previous", "line")

MAX_DEPTH: Final = 20
MAX_NODES: Final = 200
MAX_TEXT: Final = 1_000
MAX_MEMBERS: Final = 500
MAX_PATH: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a condition: where it is (``all[1].value``) and what to do about it."""

    path: str
    message: str


class MalformedConditionError(ValueError):
    """A condition that cannot be read at all; ``problems`` names the places."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(
            "; ".join(f"{fault.path or 'condition'}: {fault.message}" for fault in problems)
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Path:
    """Where a value is found: a root context and the names to follow from there."""

    root: str
    keys: tuple[str, ...]

    @classmethod
    def read(cls, text: str, default_root: str = "record") -> Path:
        """Read ``record.amount``, ``requester.email`` or the bare name of a field.

        A single name is always a field, also when a root has the same name.
        """
        names = tuple(text.split("."))
        if len(names) > 1 and names[0] in ROOTS:
            return cls(names[0], names[1:])
        return cls(default_root, names)

    def __str__(self) -> str:
        name = ".".join(self.keys)
        return name if self.root == "record" else f"{self.root}.{name}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A value taken from another field, written ``{{reorder_point}}``."""

    path: Path


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the condition: as written, and in comparable form."""

    raw: Any
    value: Any


Operand = Reference | Literal
Operands = tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Always:
    """The empty condition, which always holds."""


@dataclass(frozen=True, slots=True)
class Group:
    """``all`` or ``any`` of several conditions."""

    kind: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite of one condition."""

    part: Node


@dataclass(frozen=True, slots=True)
class Triple:
    """One comparison. ``operands`` has none, one, two (between) or many (in) members.

    With ``aggregate`` the path leads to sub-rows (and a field of them); ``where`` keeps some.
    ``listed`` tells that the right side was written as a list.
    """

    path: Path
    operator: str | None
    operands: Operands
    aggregate: str | None = None
    where: Node | None = None
    listed: bool = False

    @property
    def lines(self) -> Path:
        """The path of the sub-rows that an aggregate looks at."""
        whole = len(self.path.keys) == 1 or self.operator is None
        return self.path if whole else Path(self.path.root, self.path.keys[:-1])


Node = Always | Group | Negation | Triple


def reference_of(value: Any) -> str | None:
    """Return the path inside ``{{...}}`` when a value refers to another field."""
    if isinstance(value, str) and value.startswith("{{") and value.endswith("}}"):
        return value[2:-2].strip()
    return None


def parse(condition: Any, default_root: str = "record") -> Node:
    """Turn a structurally sound condition into nodes (see ``validation.structure``)."""
    if not condition:
        return Always()
    for kind in ("all", "any"):
        if kind in condition:
            return Group(kind, tuple(parse(part, default_root) for part in condition[kind]))
    if "not" in condition:
        return Negation(parse(condition["not"], default_root))
    return _triple(condition, default_root)


def _triple(condition: Any, default_root: str) -> Triple:
    value = condition.get("value")
    operator = condition.get("operator")
    listed = isinstance(value, (list, tuple))
    if operator is None or operator in WITHOUT_VALUE:
        operands: Operands = ()
    elif listed:
        operands = tuple(_operand(member, default_root) for member in value)
    else:
        operands = (_operand(value, default_root),)
    where = condition.get("where")
    return Triple(
        path=Path.read(condition["field"], default_root),
        operator=operator,
        operands=operands,
        aggregate=condition.get("aggregate"),
        where=None if where is None else parse(where, "line"),
        listed=listed,
    )


def _operand(value: Any, default_root: str) -> Operand:
    inner = reference_of(value)
    if inner is not None:
        return Reference(Path.read(inner, default_root))
    return Literal(value, normalise(value))
