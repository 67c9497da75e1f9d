"""Refusing faulty conditions when they are saved, with the place and the remedy named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .model import (
    AGGREGATES,
    MAX_DEPTH,
    MAX_MEMBERS,
    MAX_NODES,
    MAX_PATH,
    MAX_TEXT,
    OPERATORS,
    WITHOUT_VALUE,
    Problem,
    reference_of,
)
from .values import OPAQUE, normalise

_GROUPS: Final = ("all", "any", "not")
_TRIPLE_KEYS: Final = frozenset({"field", "operator", "value", "aggregate", "where"})


def joined(path: str, step: str) -> str:
    """Extend the path of a place: ``all[1]`` and ``value`` give ``all[1].value``."""
    return f"{path}.{step}" if path else step


class Structure:
    """One walk over a condition that collects the faults of its shape (types of fields aside)."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.triples: list[tuple[str, Mapping[str, Any], str | None]] = []
        self._nodes = 0

    def fault(self, path: str, message: str) -> None:
        """Note one fault."""
        self.problems.append(Problem(path, message))

    def walk(
        self, condition: Any, path: str = "", depth: int = 1, lines: str | None = None
    ) -> None:
        """Check one condition and those in it; ``lines`` is the sub-row field it is asked of."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            if self._nodes == MAX_NODES + 1:
                self.fault(path, f"A condition has at most {MAX_NODES} parts; split this one")
            return
        if depth > MAX_DEPTH:
            self.fault(path, f"Conditions nest at most {MAX_DEPTH} deep; flatten this one")
            return
        if condition is None:
            return
        if not isinstance(condition, Mapping):
            self.fault(path, "Write a condition as an object with field, operator and value")
            return
        if condition:
            self._node(condition, path, depth, lines)

    def _node(self, condition: Mapping[str, Any], path: str, depth: int, lines: str | None) -> None:
        kinds = [key for key in _GROUPS if key in condition]
        if not kinds:
            self._triple(condition, path, depth, lines)
            return
        for key in condition:
            if key != kinds[0]:
                self.fault(
                    joined(path, str(key)[:MAX_PATH]),
                    f"Only {kinds[0]} may stand here; move the rest inside it",
                )
        self._parts(kinds[0], condition[kinds[0]], joined(path, kinds[0]), depth, lines)

    def _parts(self, kind: str, parts: Any, path: str, depth: int, lines: str | None) -> None:
        if kind == "not":
            if not isinstance(parts, Mapping) or not parts:
                self.fault(path, "Put one condition inside not")
            else:
                self.walk(parts, path, depth + 1, lines)
            return
        if not isinstance(parts, (list, tuple)):
            self.fault(path, f"Give {kind} a list of conditions")
        elif not parts:
            self.fault(path, f"Add at least one condition to {kind}, or remove it")
        else:
            for index, part in enumerate(parts[: MAX_NODES + 1]):
                self.walk(part, f"{path}[{index}]", depth + 1, lines)

    def _triple(self, triple: Mapping[str, Any], path: str, depth: int, lines: str | None) -> None:
        before = len(self.problems)
        for key in triple:
            if key not in _TRIPLE_KEYS:
                self.fault(
                    joined(path, str(key)[:MAX_PATH]),
                    f"“{str(key)[:40]}” is not a part of a condition",
                )
        self._field_path(triple.get("field"), joined(path, "field"))
        self._operator(triple, path)
        if triple.get("aggregate") is not None or "where" in triple:
            self._aggregate(triple, path, depth, lines)
        self._value(triple, joined(path, "value"))
        if len(self.problems) == before:
            self.triples.append((path, triple, lines))

    def _field_path(self, name: Any, path: str) -> None:
        if not isinstance(name, str) or not name.strip():
            self.fault(path, "Name the field to look at")
        elif len(name) > MAX_PATH or "" in name.split("."):
            self.fault(path, f"“{name[:40]}” is not the path of a field")

    def _operator(self, triple: Mapping[str, Any], path: str) -> None:
        operator = triple.get("operator")
        if operator is None:
            if triple.get("aggregate") not in ("any", "all"):
                self.fault(joined(path, "operator"), "Choose an operator")
            elif triple.get("where") is None:
                self.fault(joined(path, "where"), "Say what to ask of each line")
        elif not isinstance(operator, str) or operator not in OPERATORS:
            known = ", ".join(OPERATORS)
            self.fault(
                joined(path, "operator"),
                f"“{str(operator)[:40]}” is not an operator; use one of {known}",
            )

    def _aggregate(
        self, triple: Mapping[str, Any], path: str, depth: int, lines: str | None
    ) -> None:
        aggregate = triple.get("aggregate")
        if not isinstance(aggregate, str) or aggregate not in AGGREGATES:
            self.fault(
                joined(path, "aggregate"), f"Use one of {', '.join(AGGREGATES)} to ask about lines"
            )
        elif lines is not None:
            self.fault(joined(path, "aggregate"), "Lines inside lines cannot be asked about")
        elif triple.get("operator") == "changed":
            self.fault(joined(path, "operator"), "changed looks at a whole field, not at its lines")
        if triple.get("where") is not None:
            name = triple.get("field")
            self.walk(
                triple["where"],
                joined(path, "where"),
                depth + 1,
                name if isinstance(name, str) else "",
            )

    def _value(self, triple: Mapping[str, Any], path: str) -> None:
        operator, value = triple.get("operator"), triple.get("value")
        if operator not in OPERATORS and operator is not None:
            return
        if operator is None or operator in WITHOUT_VALUE:
            asks_lines = triple.get("aggregate") in ("any", "all")
            if value is not None and (operator is not None or asks_lines):
                self.fault(path, "No value belongs here")
        elif operator == "between":
            if not isinstance(value, (list, tuple)) or len(value) != len(("low", "high")):
                self.fault(path, "Give the two ends as a list: [low, high]")
            else:
                self._members(value, path)
        elif operator in ("in", "not in"):
            self._list(value, path)
        elif isinstance(value, (list, tuple)):
            self.fault(path, "Give one value, not a list")
        else:
            self._scalar(value, path)

    def _list(self, value: Any, path: str) -> None:
        if reference_of(value) is not None:
            self._scalar(value, path)
        elif not isinstance(value, (list, tuple)) or not value:
            self.fault(path, "Give a list of at least one value")
        elif len(value) > MAX_MEMBERS:
            self.fault(path, f"A list has at most {MAX_MEMBERS} values")
        else:
            self._members(value, path)

    def _members(self, values: Any, path: str) -> None:
        for index, member in enumerate(values):
            self._scalar(member, f"{path}[{index}]")

    def _scalar(self, value: Any, path: str) -> None:
        if isinstance(value, str) and len(value) > MAX_TEXT:
            self.fault(path, f"A text has at most {MAX_TEXT:,} characters")
            return
        inner = reference_of(value)
        if inner is not None:
            self._field_path(inner, path)
            return
        known = None if isinstance(value, (list, tuple)) else normalise(value)
        if known is None:
            self.fault(path, "Give a value; to look for nothing, use “is empty”")
        elif known is OPAQUE:
            self.fault(
                path, "Give a number, a text, a date, yes or no, or an amount with its currency"
            )


def structure(condition: Any) -> list[Problem]:
    """Return the faults in the shape of a condition, whatever fields there are."""
    walk = Structure()
    walk.walk(condition)
    return walk.problems
