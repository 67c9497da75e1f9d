"""Totals that follow the lines: ``amount = lines.quantity * lines.unit_price``, summed exactly.

Plain data, not an expression language: one or two fields of one kind of lines, multiplied
and added up. What is computed cannot be set from outside, so an order's amount never lies.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wfweb.kernel.errors import FieldError, ValidationFailed
from wfweb.records import money
from wfweb.records.fields import Field
from wfweb.records.values import Wrong, within

_NAME = r"[a-z][a-z0-9_]*"
_SUM = re.compile(rf"({_NAME})\.({_NAME})(?:\s*\*\s*({_NAME})\.({_NAME}))?")
_NUMERIC = frozenset({"number", "integer", "money"})


@dataclass(frozen=True, slots=True)
class Total:
    """One computed field: which lines, which of their fields are multiplied."""

    field: str
    lines: str
    factors: tuple[str, ...]

    def as_dict(self) -> dict[str, str]:
        """Return the declaration as it was written."""
        return {
            "field": self.field,
            "sum": " * ".join(f"{self.lines}.{factor}" for factor in self.factors),
        }


def read_totals(
    raw: object, fields: Mapping[str, Field], *, at: str = "/totals"
) -> tuple[Total, ...]:
    """Read and check the declared totals of a record type.

    :raises ValidationFailed: naming the wrong place.
    """
    if not isinstance(raw, list):
        raise ValidationFailed.at(at, "Give a list of totals.", "type")
    totals = tuple(_read(item, fields, f"{at}/{n}") for n, item in enumerate(raw))
    targets = [total.field for total in totals]
    if len(set(targets)) != len(targets):
        raise ValidationFailed.at(at, "A field can have one total.", "duplicate")
    return totals


def _read(item: object, fields: Mapping[str, Field], at: str) -> Total:
    if not isinstance(item, Mapping) or set(item) != {"field", "sum"}:
        raise ValidationFailed.at(at, "A total has a field and a sum.", "type")
    match = _SUM.fullmatch(str(item["sum"]).strip())
    lines = fields.get(match[1]) if match else None
    if not match or lines is None or lines.type != "lines" or match[3] not in {None, match[1]}:
        message = "Write the sum as lines.quantity * lines.unit_price."
        raise ValidationFailed.at(f"{at}/sum", message, "sum")
    factors = tuple(name for name in (match[2], match[4]) if name)
    inner = [lines.field(name) for name in factors]
    if any(one is None or one.type not in _NUMERIC for one in inner):
        raise ValidationFailed.at(f"{at}/sum", "Only numbers and money can be added.", "sum")
    _check_target(fields.get(str(item["field"])), [one for one in inner if one], at)
    return Total(str(item["field"]), lines.code, factors)


def _check_target(target: Field | None, factors: Sequence[Field], at: str) -> None:
    moneys = sum(one.type == "money" for one in factors)
    if target is None or target.type not in _NUMERIC:
        raise ValidationFailed.at(f"{at}/field", "Name a number or money field.", "field")
    if moneys > 1 or (moneys and target.type != "money"):
        raise ValidationFailed.at(f"{at}/sum", "Money times money is not an amount.", "sum")
    if target.type == "money" and not moneys and not target.currency:
        message = "The field needs a currency, because none of the lines has one."
        raise ValidationFailed.at(f"{at}/field", message, "currency")


def line_amount(total: Total, line: Mapping[str, Any]) -> Decimal | None:
    """Return the exact product of one line; ``None`` when one of its numbers is missing."""
    result = Decimal(1)
    for factor in total.factors:
        number = _plain(line.get(factor))
        if number is None:
            return None
        result = money.product(result, number)
    return result


def _plain(value: Any) -> Decimal | None:
    return money.exact(value["amount"] if isinstance(value, Mapping) else value)


def currency_of(total: Total, lines: Sequence[Mapping[str, Any]], target: Field) -> str | None:
    """Return the one currency of the lines.

    :raises Wrong: pointing at the first line with another currency.
    """
    found: str | None = None
    for number, line in enumerate(lines):
        for factor in total.factors:
            value = line.get(factor)
            if not isinstance(value, Mapping):
                continue
            if found and value["currency"] != found:
                raise Wrong(
                    f"All lines need the same currency; the first is in {found}",
                    "currency",
                    below=f"/{total.lines}/{number}/{factor}/currency",
                )
            found = found or value["currency"]
    return found or target.currency


def compute(total: Total, data: Mapping[str, Any], target: Field) -> Any:
    """Return the value of a computed field, or ``None`` when there is nothing to add.

    :raises Wrong: when currencies differ or the sum is beyond what an amount may be;
        ``below`` is a pointer from the record's root.
    """
    lines = data.get(total.lines) or []
    amounts = [amount for line in lines if (amount := line_amount(total, line)) is not None]
    currency = currency_of(total, lines, target)
    if not amounts or (target.type == "money" and not currency):
        return None
    result = money.total(amounts)
    if not money.fits(result):
        message = f"{target.label} would have more than {money.MAX_INTEGER_DIGITS} digits"
        raise Wrong(message, "amount", below=f"/{total.lines}")
    try:
        return _typed(target, result, currency)
    except Wrong as wrong:
        below = _negative(total, lines) if wrong.code == "minimum" else ""
        raise Wrong(wrong.message, wrong.code, below=f"/{total.lines}{below}") from None


def _negative(total: Total, lines: Sequence[Mapping[str, Any]]) -> str:
    """Return where the first number is that makes its line count against the others."""
    for number, line in enumerate(lines):
        if (line_amount(total, line) or 0) >= 0:
            continue
        for factor in total.factors:
            value = line[factor]
            if (_plain(value) or 0) < 0:
                return f"/{number}/{factor}{'/amount' if isinstance(value, Mapping) else ''}"
    return ""


def _typed(target: Field, result: Decimal, currency: str | None) -> Any:
    if target.type == "money" and currency:
        scale = money.scale_of(currency) if target.scale is None else target.scale
        result = money.rounded(result, scale)
        within(target, result)
        return money.money(result, currency)
    within(target, result)
    if target.type == "integer":
        return int(result)
    return money.text_of(money.rounded(result, money.MAX_SCALE))


def wrong_at(wrong: Wrong, place: str) -> FieldError:
    """Return what was wrong as an error of a place."""
    return FieldError(place + wrong.below, wrong.message, wrong.code)
