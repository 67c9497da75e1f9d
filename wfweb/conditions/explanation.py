"""Why a condition holds or not: the same closures as in evaluation, asked node by node."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .access import rows_of, with_line
from .closures import compile_node, left_reader, line_test, right_reader
from .evaluation import read_condition
from .model import Always, Group, Negation, Node, Path, Reference, Triple
from .schema import NO_FIELDS, FieldType, FieldTypes
from .values import Money, plain
from .wording import describe_node, show


@dataclass(frozen=True, slots=True)
class Explanation:
    """One node of an answer: its words, its result, and what it compared.

    ``missing`` names the fields without a value that made a comparison false.
    ``detail`` says the value found ("Amount is 850.00 EUR").
    """

    kind: str
    text: str
    result: bool
    detail: str = ""
    operator: str | None = None
    left: Any = None
    right: Any = None
    missing: tuple[str, ...] = ()
    children: tuple[Explanation, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return the tree as plain JSON values (numbers as exact texts)."""
        return {
            "kind": self.kind,
            "text": self.text,
            "result": self.result,
            "detail": self.detail,
            "operator": self.operator,
            "left": self.left,
            "right": self.right,
            "missing": list(self.missing),
            "children": [child.to_json() for child in self.children],
        }


def explain(condition: Any, context: Any, fields: FieldTypes = NO_FIELDS) -> Explanation:
    """Return why a condition holds or not in a context; ``result`` always equals ``evaluate``.

    ``fields`` gives the labels. Raises ``MalformedConditionError`` without structure.
    """
    return _explain(read_condition(condition)[0], context, fields)


def describe(condition: Any, fields: FieldTypes = NO_FIELDS) -> str:
    """Return a plain reading of a condition for designers. Raises ``MalformedConditionError``."""
    text = describe_node(read_condition(condition)[0], fields)
    return text[:1].upper() + text[1:]


def fields_read(condition: Any) -> frozenset[str]:
    """Return the paths a condition reads: ``amount``, ``lines.quantity``, ``requester.department``.

    Use it to know which rules an edit of a record touches. Raises ``MalformedConditionError``.
    """
    found: set[str] = set()
    _collect(read_condition(condition)[0], found, "")
    return frozenset(found)


def _collect(node: Node, found: set[str], lines: str) -> None:
    if isinstance(node, Group):
        for part in node.parts:
            _collect(part, found, lines)
    elif isinstance(node, Negation):
        _collect(node.part, found, lines)
    elif isinstance(node, Triple):
        found.add(_name(node.path, lines))
        found.update(_name(o.path, lines) for o in node.operands if isinstance(o, Reference))
        if node.where is not None:
            _collect(node.where, found, str(node.lines))


def _name(path: Path, lines: str) -> str:
    return f"{lines}.{'.'.join(path.keys)}" if path.root == "line" and lines else str(path)


def _explain(node: Node, context: Any, fields: FieldTypes) -> Explanation:
    if isinstance(node, Always):
        return Explanation("always", "Always", True)
    if isinstance(node, Negation):
        inner = _explain(node.part, context, fields)
        return Explanation("not", "This must not hold", not inner.result, children=(inner,))
    if isinstance(node, Group):
        children = tuple(_explain(part, context, fields) for part in node.parts)
        results = [child.result for child in children]
        every = node.kind == "all"
        text = "All of these must hold" if every else "At least one of these must hold"
        return Explanation(
            node.kind, text, all(results) if every else any(results), children=children
        )
    return _triple(node, context, fields)


def _triple(node: Triple, context: Any, fields: FieldTypes) -> Explanation:
    if node.aggregate in ("any", "all"):
        return _lines(node, context, fields)
    left = left_reader(node)(context)
    right = right_reader(node)(context)
    text = describe_node(node, fields, _hint(node, left, fields))
    label = fields.label(node.path)
    detail = (
        f"{label} has no value"
        if left is None
        else f"{label} is {show(left, fields.find(node.path))}"
    )
    return Explanation(
        kind="triple",
        text=text[:1].upper() + text[1:],
        result=compile_node(node)(context),
        detail=detail,
        operator=node.operator,
        left=plain(left),
        right=plain(right),
        missing=_missing(node, left, context),
    )


def _hint(node: Triple, left: Any, fields: FieldTypes) -> FieldType | None:
    known = fields.find(node.path)
    return FieldType("money") if known is None and isinstance(left, Money) else known


def _missing(node: Triple, left: Any, context: Any) -> tuple[str, ...]:
    if node.operator in ("is set", "is empty", "changed"):
        return ()
    names = [str(node.path)] if left is None else []
    for operand in node.operands:
        if isinstance(operand, Reference):
            single = Triple(operand.path, "is set", ())
            if left_reader(single)(context) is None:
                names.append(str(operand.path))
    return tuple(names)


def _lines(node: Triple, context: Any, fields: FieldTypes) -> Explanation:
    text = describe_node(node, fields)
    found = rows_of(node.path)(context)
    test = line_test(node)
    rows, keys = found if found is not None else ((), ())
    fulfilled = sum(1 for row in rows if test(with_line(context, row), keys))
    return Explanation(
        kind="lines",
        text=text[:1].upper() + text[1:],
        result=compile_node(node)(context),
        detail=f"{fulfilled} of {len(rows)} lines" if rows else "There are no lines",
        operator=node.aggregate,
        left=fulfilled,
        right=len(rows),
        missing=() if found is not None else (str(node.path),),
    )
