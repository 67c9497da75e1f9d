"""One value at a time: from what came in to the one form in which records keep it.

The JSON Schema has already refused wrong shapes; what it cannot say is said here:
decimals of a currency, real dates, limits of exact numbers, addresses that are addresses.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from wfweb.records import money
from wfweb.records.fields import Field

_EMAIL = re.compile(
    r"[^\s@<>\"',;:()\[\]\\]{1,64}@(?:[^\s@.<>\"',;:()\[\]\\]{1,63}\.)+[^\s@.]{2,63}"
)
_URL_SCHEMES: Final = frozenset({"http", "https"})


class Wrong(Exception):  # noqa: N818 - it is caught at once and becomes one FieldError
    """A value that a field does not take; ``below`` points into the value."""

    def __init__(self, message: str, code: str = "wrong", *, below: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.below = below


def clean_value(field: Field, value: Any) -> Any:
    """Return the value in the form that records keep.

    :raises Wrong: with one sentence that says what to enter instead.
    """
    cleaner = _CLEANERS.get(field.type)
    return cleaner(field, value) if cleaner else value


def within(field: Field, number: Decimal, *, below: str = "") -> None:
    """Check the limits of a number.

    :raises Wrong: when it is below the minimum or above the maximum.
    """
    if field.minimum is not None and number < field.minimum:
        message = f"{field.label} must be {spoken(field.minimum)} or more"
        raise Wrong(message, "minimum", below=below)
    if field.maximum is not None and number > field.maximum:
        message = f"{field.label} must be {spoken(field.maximum)} or less"
        raise Wrong(message, "maximum", below=below)


def spoken(number: Decimal) -> str:
    """Return a limit as people read it."""
    return f"{number:,f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:,f}"


def _number(field: Field, value: Any) -> str:
    number = money.exact(value)
    if number is None:
        raise Wrong(f"Enter {field.label} in digits, such as 1250.5", "number")
    most = money.MAX_SCALE if field.scale is None else field.scale
    if money.decimals(number) > most:
        raise Wrong(f"{field.label} can have at most {most} decimals", "decimals")
    within(field, number)
    return money.text_of(number)


def _integer(field: Field, value: Any) -> int:
    number = int(value)
    within(field, Decimal(number))
    return number


def _money(field: Field, value: Mapping[str, Any]) -> dict[str, Any]:
    currency, number = value["currency"], money.amount(value["amount"])
    if not money.is_currency(currency):
        raise Wrong("Choose a currency such as EUR", "currency", below="/currency")
    if number is None:
        raise Wrong(f"Enter {field.label} in digits, such as 1250.50", "amount", below="/amount")
    most = money.scale_of(currency) if field.scale is None else field.scale
    if money.decimals(number) > most:
        raise Wrong(
            f"{field.label} can have at most {most} decimals in {currency}",
            "decimals",
            below="/amount",
        )
    within(field, number, below="/amount")
    return money.money(number, currency)


def _date(field: Field, value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        message = f"{field.label} is not a day of the calendar; use the form 2026-03-31"
        raise Wrong(message, "date") from None


def _datetime(field: Field, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{field.label} is not a moment; use the form 2026-03-31T14:30:00+02:00"
        raise Wrong(message, "datetime") from None
    return moment.isoformat().replace("+00:00", "Z")


def _email(field: Field, value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise Wrong(f"Enter {field.label} as an address such as ada@example.com", "email")
    return value


def _url(field: Field, value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host, parts = None, None
    if not host or parts is None or parts.scheme not in _URL_SCHEMES or re.search(r"\s", value):
        raise Wrong(f"Enter {field.label} as an address such as https://example.com", "url")
    return value


def _id(_field: Field, value: str) -> str:
    return str(UUID(value))


_CLEANERS: Final[Mapping[str, Callable[[Field, Any], Any]]] = {
    "number": _number,
    "integer": _integer,
    "money": _money,
    "date": _date,
    "datetime": _datetime,
    "email": _email,
    "url": _url,
    "person": _id,
    "reference": _id,
    "file": _id,
}
