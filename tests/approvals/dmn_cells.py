"""Translating DMN decision tables into matrix rows: each cell becomes a condition."""

from __future__ import annotations

import json
import re
from typing import Any

from wfweb.approvals.decision_table import DecisionTable
from wfweb.approvals.hit_policy import HitPolicy
from wfweb.approvals.matrix import MatrixRow

_RANGE = re.compile(r"([\[\]()])(.+)\.\.(.+)([\[\]()])")
_COMPARED = re.compile(r"(>=|<=|>|<)\s*(.+)")


def value(text: str) -> Any:
    """Return a literal, or a reference for a name."""
    text = text.strip()
    date = re.fullmatch(r'date\("(.+)"\)', text)
    if date:
        return date[1]
    try:
        return json.loads(text)
    except ValueError:
        return "{{" + text + "}}"


def items(cell: str) -> list[str]:
    """Split a cell at its commas, those inside quotes apart."""
    return [part.strip() for part in re.findall(r'(?:"[^"]*"|[^,"])+', cell)]


def test_of(name: str, item: str, sample: Any) -> dict[str, Any]:
    """Translate one unary test; ``sample`` shows whether a referenced value is a list."""
    negated = re.fullmatch(r"not\((.+)\)", item)
    if negated:
        return {"field": name, "operator": "!=", "value": value(negated[1])}
    span = _RANGE.fullmatch(item)
    if span:
        low, high = (">=" if span[1] == "[" else ">"), ("<=" if span[4] == "]" else "<")
        return {
            "all": [
                {"field": name, "operator": low, "value": value(span[2])},
                {"field": name, "operator": high, "value": value(span[3])},
            ]
        }
    compared = _COMPARED.fullmatch(item)
    if compared:
        return {"field": name, "operator": compared[1], "value": value(compared[2])}
    right = value(item)
    operator = "in" if isinstance(sample.get(item), list) else "="
    return {"field": name, "operator": operator, "value": right}


def cell(name: str, text: str, sample: Any) -> dict[str, Any]:
    if text.strip() == "-":
        return {}
    tests = [test_of(name, item, sample) for item in items(text)]
    return tests[0] if len(tests) == 1 else {"any": tests}


def output(text: str | None) -> Any:
    """Translate an output: a literal, a name, or a name and texts joined by plus."""
    if text is None:
        return None
    parts = [value(part) for part in text.split(" + ")]
    return parts[0] if len(parts) == 1 else "".join(str(part) for part in parts)


def table_of(data: Any) -> DecisionTable:
    sample = data["tests"][0]["inputs"]
    names = tuple(data["outputs"])

    def row(number: int, rule: Any) -> MatrixRow:
        cells = [cell(*pair, sample) for pair in zip(data["inputs"], rule["when"], strict=True)]
        return MatrixRow(
            id=str(number),
            name=f"Row {number}",
            when={"all": cells},
            outputs=dict(zip(names, map(output, rule["then"]), strict=True)),
        )

    default = dict(zip(names, map(output, data["default_output"]), strict=True))
    return DecisionTable(
        rows=tuple(row(number, rule) for number, rule in enumerate(data["rules"], start=1)),
        outputs=names,
        hit_policy=HitPolicy(data["hit_policy"].lower()),
        aggregation=data["aggregation"] and data["aggregation"].lower(),
        output_values={
            name: [value(item) for item in items(values)]
            for name, values in zip(names, data["output_values"], strict=True)
            if values
        },
        default=default if any(given is not None for given in default.values()) else None,
    )
