"""Plain values as conditions see them: exact numbers, money, moments, texts, lists.

Every value of a record or of a condition passes through ``normalise`` once and is then one of:
``None`` (missing), ``bool``, ``int`` / ``Decimal`` (numbers), ``Money``, ``date`` / ``datetime``,
``str``, ``tuple`` (a list) or ``OPAQUE`` (there, but nothing a comparison can use).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from typing import Any, Final, NamedTuple
from uuid import UUID

# Numbers beyond this are data errors, not amounts; the bound also keeps every exact sum small.
MAX_DIGITS: Final = 100
LIMIT: Final = 10**MAX_DIGITS
_EXACT: Final = Context(prec=4 * MAX_DIGITS, traps=[Inexact, InvalidOperation, Overflow])

_NUMBER = re.compile(rf"-?[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,{MAX_DIGITS}}})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DURATION = re.compile(
    r"(-?)P(?=.)(?:([0-9]{1,9})Y)?(?:([0-9]{1,9})M)?"
    r"(?:([0-9]{1,9})D)?(?:T(?=.)(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})S)?)?"
)


class Money(NamedTuple):
    """An exact amount in one currency (ISO 4217 code)."""

    amount: Decimal
    currency: str


class _Opaque:
    """A value that is there but of a shape no comparison understands."""

    def __repr__(self) -> str:
        return "OPAQUE"


OPAQUE: Final = _Opaque()


def normalise(value: Any) -> Any:  # noqa: PLR0911 - a table of types, in order of frequency
    """Return the comparable form of a plain value; ``None`` when there is no value.

    Empty text and not-a-number count as missing. A datetime without zone is read as UTC.
    A mapping with an ``id`` (a person, a referenced record) stands for that id.
    """
    kind = type(value)
    if kind is str:
        return value if value and not value.isspace() else None
    if kind is bool or value is None:
        return value
    if kind is int:
        return value if -LIMIT < value < LIMIT else OPAQUE
    if kind is float:
        return normalise(Decimal(repr(value))) if math.isfinite(value) else None
    if kind is Decimal:
        return _bounded(value)
    if kind is dict:
        return _mapping(value)
    if kind is list or kind is tuple:
        return tuple(value)
    return _unusual(value)


def _unusual(value: Any) -> Any:  # noqa: PLR0911 - as above
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, (date, Money)):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str):
        return normalise(str(value))
    if isinstance(value, Mapping):
        return _mapping(value)
    if isinstance(value, (Sequence, set, frozenset)):
        return tuple(value)
    return OPAQUE


def _bounded(value: Decimal) -> Any:
    if not value.is_finite():
        return None
    return value if abs(value.adjusted()) < MAX_DIGITS else OPAQUE


def _mapping(value: Mapping[Any, Any]) -> Any:
    if "amount" in value and "currency" in value:
        amount = as_number(normalise(value["amount"]))
        currency = value["currency"]
        if amount is None or not isinstance(currency, str) or not currency:
            return None if value["amount"] in (None, "") else OPAQUE
        return Money(Decimal(amount), currency)
    identity = value.get("id")
    if isinstance(identity, (str, int, UUID)) and not isinstance(identity, bool):
        return normalise(identity)
    return OPAQUE


def is_empty(value: Any) -> bool:
    """Tell whether a plain value is missing, empty text, or a list or mapping without members."""
    if isinstance(value, (list, tuple, dict)) and not value:
        return True
    return normalise(value) is None


def as_number(value: Any) -> int | Decimal | None:
    """Return a normalised value as an exact number; texts count when they are plain decimals."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def as_moment(value: Any) -> date | datetime | None:
    """Return a normalised value as a date or an aware datetime; ISO 8601 texts count."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or value[4:5] != "-":
        return None
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
        if _MOMENT.fullmatch(value):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
    return None


def as_duration(value: Any) -> tuple[str, int] | None:
    """Return an ISO 8601 duration as ``("months", n)`` or ``("seconds", n)``.

    Months and seconds do not mix: how long a month is depends on the month.
    """
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    sign = -1 if match[1] else 1
    years, months, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    if match[2] or match[3]:
        fine = any(match.groups()[3:])
        return None if fine else ("months", sign * (12 * years + months))
    return ("seconds", sign * (86400 * days + 3600 * hours + 60 * minutes + seconds))


def equal(left: Any, right: Any) -> bool | None:
    """Compare two normalised values for equality; ``None`` when they do not compare at all."""
    if type(left) is str and type(right) is str:
        if left == right:
            return True
        moments = _moments(left, right)
        return moments is not None and moments[0] == moments[1]
    pair = _common(left, right)
    return None if pair is None else bool(pair[0] == pair[1])


def order(left: Any, right: Any) -> int | None:
    """Return -1, 0 or 1 for two normalised values, or ``None`` when they have no order."""
    if isinstance(left, bool) or isinstance(right, bool):
        return None
    if type(left) is str and type(right) is str:
        pair = _ordered_texts(left, right)
    else:
        pair = _common(left, right)
    if pair is None:
        return None
    return int(pair[0] > pair[1]) - int(pair[0] < pair[1])


def _common(left: Any, right: Any) -> tuple[Any, Any] | None:
    """Bring two values to one kind in which Python's own comparison is exact."""
    if left is None or right is None:
        return None
    if isinstance(left, bool) or isinstance(right, bool):
        return (left, right) if isinstance(left, bool) and isinstance(right, bool) else None
    if isinstance(left, Money) or isinstance(right, Money):
        return _amounts(left, right)
    if isinstance(left, (int, Decimal)) or isinstance(right, (int, Decimal)):
        numbers = (as_number(left), as_number(right))
        return None if None in numbers else numbers
    if isinstance(left, date) or isinstance(right, date):
        return _moments(left, right)
    return None


def _amounts(left: Any, right: Any) -> tuple[Any, Any] | None:
    if isinstance(left, Money) and isinstance(right, Money):
        return (left.amount, right.amount) if left.currency == right.currency else None
    first = left.amount if isinstance(left, Money) else as_number(left)
    second = right.amount if isinstance(right, Money) else as_number(right)
    return None if first is None or second is None else (first, second)


def _moments(left: Any, right: Any) -> tuple[Any, Any] | None:
    first, second = as_moment(left), as_moment(right)
    if first is None or second is None:
        return None
    if isinstance(first, datetime) and isinstance(second, datetime):
        return first, second
    # A day against an instant: the calendar day that the instant has in its own zone counts.
    return _day(first), _day(second)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _ordered_texts(left: str, right: str) -> tuple[Any, Any] | None:
    """Order texts as what both of them are; a date or number has no place among other words."""
    for read in (as_moment, as_number):
        first, second = read(left), read(right)
        if first is not None and second is not None:
            return _moments(left, right) if read is as_moment else (first, second)
        if first is not None or second is not None:
            return None
    long, longer = as_duration(left), as_duration(right)
    if long is not None and longer is not None:
        return (long[1], longer[1]) if long[0] == longer[0] else None
    return left, right


def total(values: Sequence[Any]) -> Any:
    """Add normalised numbers or moneys exactly; ``None`` when one is missing or they do not mix."""
    if not values:
        return 0
    if all(isinstance(value, Money) for value in values):
        amount = _add([value.amount for value in values])
        if amount is None or len({value.currency for value in values}) > 1:
            return None
        return Money(amount, values[0].currency)
    numbers = [as_number(value) for value in values]
    known = [number for number in numbers if number is not None]
    return _add(known) if len(known) == len(numbers) else None


def _add(numbers: Sequence[int | Decimal]) -> Decimal | None:
    result = Decimal(0)
    try:
        for number in numbers:
            result = _EXACT.add(result, number)
    except DecimalException:
        return None
    return result


def plain(value: Any) -> Any:
    """Return a value in a form JSON can carry, numbers as exact texts."""
    if value is None or (isinstance(value, (bool, str, int)) and not isinstance(value, Money)):
        return str(value) if isinstance(value, int) and abs(value) > 2**53 else value
    if isinstance(value, Money):
        return {"amount": format(value.amount, "f"), "currency": value.currency}
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [plain(normalise(member)) for member in value[:50]]
    return None
