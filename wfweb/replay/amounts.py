"""Counting what an approval matrix would ask for every case of a log, in exact decimals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal, InvalidOperation, localcontext
from pathlib import Path
from typing import Any

from wfweb.approvals.matrix import LevelSpec, Matrix, MatrixStatus, choose, rows_from_bands
from wfweb.replay.cases import BrokenExpectation, Case
from wfweb.workflow import exchange
from wfweb.workflow.problems import BrokenFile

# Digits kept while adding: a sum of millions of 40-digit amounts loses none of them.
_DIGITS = 120
_FIELD = "amount"


@dataclass(frozen=True, slots=True)
class AmountMatrix:
    """A matrix, the attribute of a case that it looks at, and what is expected of it."""

    attribute: str
    matrix: Matrix
    expected: Mapping[str, Any]


@dataclass(slots=True)
class Amounts:
    """How many cases need how many levels, and the sum of their amounts."""

    documents: Counter[int] = field(default_factory=Counter)
    unmatched: int = 0
    without_amount: int = 0
    total: Decimal = Decimal(0)

    def to_data(self) -> dict[str, Any]:
        """Return the counts under the names of the expected files; the sum as exact text."""
        return {
            "documents": {f"{n} levels": self.documents[n] for n in sorted(self.documents)},
            "approval_steps_needed_in_total": sum(n * c for n, c in self.documents.items()),
            "sum_of_amounts": format(self.total, "f"),
            "unmatched": self.unmatched,
            "without_amount": self.without_amount,
        }


def read_matrix(path: Path, attribute: str | None = None) -> AmountMatrix:
    """Read a matrix, YAML or JSON: bands ``{from, below, levels}``, or ``rows`` as in wfweb.

    :param attribute: the case attribute holding the amount, unless the file names it.
    :raises BrokenExpectation: when it is no such file.
    """
    try:
        data = exchange.read(path.read_bytes())
    except OSError as error:
        raise BrokenExpectation(f"{path.name} cannot be read: {error}") from None
    except BrokenFile as broken:
        raise BrokenExpectation(f"{path.name} {broken}") from None
    inner = data.get("matrix", data)
    named = attribute or data.get("attribute")
    if not isinstance(named, str):
        raise BrokenExpectation(f"{path.name} does not name the attribute that holds the amount")
    try:
        rows = _rows(inner["bands"]) if "bands" in inner else inner["rows"]
        matrix = Matrix.from_data({**inner, "rows": rows})
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise BrokenExpectation(f"{path.name} is no matrix: {error!r}") from None
    return AmountMatrix(named, matrix, data)


def _rows(bands: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn bands into the rows of an approval matrix with as many levels as the highest asks."""
    levels = max((int(band["levels"]) for band in bands), default=0)
    approver = {"role": "approver"}
    chain = [LevelSpec(f"Level {number}", (approver,)) for number in range(1, levels + 1)]
    return [row.to_data() for row in rows_from_bands(bands, _FIELD, chain)]


def count(cases: Iterable[Case], matrix: AmountMatrix) -> Amounts:
    """Ask the matrix about every case of a log."""
    found, today = Amounts(), date(2000, 1, 1)
    open_ended = Matrix(matrix.matrix.rows, matrix.matrix.hit_policy)
    with localcontext(Context(prec=_DIGITS)):
        for case in cases:
            amount = _amount(case.attributes.get(matrix.attribute))
            if amount is None:
                found.without_amount += 1
                continue
            found.total += amount
            record = {**case.attributes, _FIELD: amount, matrix.attribute: amount}
            result = choose(open_ended, {"record": record}, on=today)
            if result.status is MatrixStatus.AUTO_APPROVED:
                found.documents[0] += 1
            elif result.status is MatrixStatus.LEVELS:
                found.documents[len(result.levels)] += 1
            else:
                found.unmatched += 1
    return found


def _amount(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return where the counts or the exact sum are not those that are expected."""
    names = ("documents", "approval_steps_needed_in_total", "sum_of_amounts")
    return [
        f"{name}: {found[name]}, expected {expected[name]}"
        for name in names
        if name in expected and expected[name] != found[name]
    ]
