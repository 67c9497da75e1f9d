"""Exact decimals and money: what counts as an amount, and how many decimals it may have."""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from babel.numbers import get_currency_precision, list_currencies

MAX_INTEGER_DIGITS: Final = 12
MAX_SCALE: Final = 10
AMOUNT: Final = rf"^-?[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\.[0-9]{{1,{MAX_SCALE}}})?$"

_AMOUNT = re.compile(AMOUNT[1:-1])
# Wide enough for 500 products of two largest numbers with every decimal kept.
_EXACT = Context(prec=80)


@lru_cache(maxsize=1)
def currencies() -> Sequence[str]:
    """Return the ISO 4217 codes, sorted."""
    return sorted(code for code in list_currencies() if re.fullmatch(r"[A-Z]{3}", code))


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(currencies())


def is_currency(value: object) -> bool:
    """Tell whether a value is an ISO 4217 code."""
    return isinstance(value, str) and value in _known()


def scale_of(currency: str) -> int:
    """Return the number of decimals a currency has, e.g. 2 for EUR and 0 for JPY."""
    return int(get_currency_precision(currency))


def amount(value: object) -> Decimal | None:
    """Return the exact amount of a text such as ``-1200.50``, or ``None`` if it is not one."""
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value) or not value.isascii():
        return None
    return Decimal(value)


def exact(value: object) -> Decimal | None:
    """Return a plain number of a definition or an input exactly, or ``None`` if it is not one.

    A binary fraction counts as the decimal that people write for it (0.1 is 0.1).
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return amount(str(value)) if abs(value) < 10**MAX_INTEGER_DIGITS else None
    if isinstance(value, float | Decimal):
        return _plain(value)
    return amount(value)


def _plain(value: float | Decimal) -> Decimal | None:
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else value
        if not number.is_finite() or abs(number.adjusted()) > MAX_INTEGER_DIGITS:
            return None if number != 0 else Decimal(0)
        return amount(format(number, "f"))
    except InvalidOperation:
        return None


def decimals(number: Decimal) -> int:
    """Return how many decimals a number needs, not counting zeros at the end."""
    text = format(number, "f")
    return len(text.partition(".")[2].rstrip("0"))


def text_of(number: Decimal, scale: int = 0) -> str:
    """Return the one text a number is kept as, with at least ``scale`` decimals."""
    places = max(scale, decimals(number))
    plain = number.quantize(Decimal(1).scaleb(-places), context=_EXACT)
    return format(plain or abs(plain), "f")


def rounded(number: Decimal, scale: int) -> Decimal:
    """Round half up, as invoices do."""
    return number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP, context=_EXACT)


def product(left: Decimal, right: Decimal) -> Decimal:
    """Multiply without losing a digit."""
    return _EXACT.multiply(left, right)


def total(numbers: Sequence[Decimal]) -> Decimal:
    """Add without losing a digit."""
    result = Decimal(0)
    for number in numbers:
        result = _EXACT.add(result, number)
    return result


def fits(number: Decimal) -> bool:
    """Tell whether a number has at most the integer digits that an amount may have."""
    return abs(number) < Decimal(10) ** MAX_INTEGER_DIGITS


def money(number: Decimal, currency: str, scale: int | None = None) -> dict[str, Any]:
    """Return a money value as records keep it."""
    return {
        "amount": text_of(number, scale_of(currency) if scale is None else scale),
        "currency": currency,
    }
