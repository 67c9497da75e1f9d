"""Values in words, for differences, tables and conflicts; templates draw the rest."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from wfweb.kernel.formats import date_text, datetime_text, money, number
from wfweb.records import money as exact
from wfweb.records.fields import Field
from wfweb.records.lookups import Names
from wfweb.records.totals import Total, line_amount


def as_words(field: Field, value: Any, names: Names) -> str:
    """Return a value as one text, formatted for the person who looks; empty for none."""
    if value is None or value == "":
        return ""
    if field.type == "lines":
        return "; ".join(_line_in_words(field, line, names) for line in value)
    return _PLAIN.get(field.type, _text)(field, value, names)


def _text(_field: Field, value: Any, _names: Names) -> str:
    return str(value)


def _line_in_words(field: Field, line: Mapping[str, Any], names: Names) -> str:
    return ", ".join(
        words for inner in field.fields if (words := as_words(inner, line.get(inner.code), names))
    )


def _money(_field: Field, value: Any, _names: Names) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return money(value.get("amount"), str(value.get("currency") or ""))


def _pointed(_field: Field, value: Any, names: Names) -> str:
    return names.label(value) or "no longer there"


_PLAIN: Final[Mapping[str, Callable[[Field, Any, Names], str]]] = {
    "money": _money,
    "number": lambda _field, value, _names: number(value),
    "integer": lambda _field, value, _names: number(value),
    "date": lambda _field, value, _names: date_text(value),
    "datetime": lambda _field, value, _names: datetime_text(value),
    "boolean": lambda _field, value, _names: "Yes" if value else "No",
    "choice": lambda field, value, _names: field.choice_label(value),
    "person": _pointed,
    "reference": _pointed,
    "file": _pointed,
}


def line_totals(
    field: Field, total: Total | None, lines: Any, target: Field | None
) -> list[dict[str, Any] | None]:
    """Return the amount of each line as money or number; ``None`` where numbers are missing."""
    if total is None or target is None:
        return []
    return [_line_total(field, total, line, target) for line in lines or []]


def _line_total(
    field: Field, total: Total, line: Mapping[str, Any], target: Field
) -> dict[str, Any] | None:
    amount: Decimal | None = line_amount(total, line)
    if amount is None:
        return None
    moneys = (
        line.get(code) for code in total.factors if (f := field.field(code)) and f.type == "money"
    )
    currency = next((m["currency"] for m in moneys if m), target.currency)
    if target.type != "money" or not currency:
        return {"amount": exact.text_of(amount), "currency": ""}
    return {"amount": exact.text_of(amount, exact.scale_of(currency)), "currency": currency}
