"""Decision tables that answer with values instead of levels, by the rows of the approval matrix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from wfweb.conditions.access import getter
from wfweb.conditions.model import Path, reference_of
from wfweb.conditions.values import as_number, normalise, total

from .hit_policy import SINGLE, HitPolicy, select
from .matrix import Matrix, MatrixRow

_REFERENCE = re.compile(r"\{\{([^{}]+)\}\}")


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Rows with ``outputs`` (one value a named output), and how several matching rows combine.

    An output is a plain value, ``"{{field}}"``, or a text with such references in it.
    ``output_values`` list the possible answers of an output, most important first.
    ``aggregation`` (``sum min max count``) reduces a ``collect`` of one output to one value.
    """

    rows: tuple[MatrixRow, ...]
    outputs: tuple[str, ...]
    hit_policy: HitPolicy = HitPolicy.UNIQUE
    aggregation: str | None = None
    output_values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    default: Mapping[str, Any] | None = None


def decide_table(table: DecisionTable, context: Any) -> Any:
    """Return the answer of a decision table in a context.

    One output gives its value, several a mapping; policies that keep several rows give a list.
    When no row matches: the default, else ``None``. Raises ``HitConflictError`` when the rows
    break the hit policy, ``ValueError`` for outputs that cannot be ranked or aggregated.
    """
    matching = list(Matrix(table.rows, table.hit_policy).matching(context))
    rows = select(
        table.hit_policy,
        matching,
        output=lambda row: _answer(table, row.outputs, context),
        rank=lambda row: _rank(table, row.outputs, context),
    )
    answers = [_answer(table, row.outputs, context) for row in rows]
    if not answers:
        return None if table.default is None else _answer(table, table.default, context)
    if table.aggregation is not None:
        return _aggregate(table.aggregation, answers)
    return answers[0] if table.hit_policy in SINGLE else answers


def _answer(table: DecisionTable, outputs: Mapping[str, Any], context: Any) -> Any:
    values = {name: _filled(outputs.get(name), context) for name in table.outputs}
    return values[table.outputs[0]] if len(table.outputs) == 1 else values


def _filled(value: Any, context: Any) -> Any:
    inner = reference_of(value)
    if inner is not None:
        return getter(Path.read(inner))(context)
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _text(match[1], context), value)
    return value


def _text(path: str, context: Any) -> str:
    found = getter(Path.read(path.strip()))(context)
    return "" if found is None else str(found)


def _rank(table: DecisionTable, outputs: Mapping[str, Any], context: Any) -> tuple[int, ...]:
    ranks = []
    for name in table.outputs:
        order = table.output_values.get(name)
        if order is None:
            raise ValueError(f"{table.hit_policy} needs the possible values of {name}")
        ranks.append(list(order).index(_filled(outputs.get(name), context)))
    return tuple(ranks)


def _aggregate(name: str, answers: Sequence[Any]) -> Any:
    if name == "count":
        return len(answers)
    numbers = [as_number(normalise(answer)) for answer in answers]
    known = [Decimal(number) for number in numbers if number is not None]
    if len(known) < len(numbers) or name not in ("sum", "min", "max"):
        raise ValueError(f"{name} needs numbers as answers")
    if name == "sum":
        return total(known)
    return min(known) if name == "min" else max(known)
