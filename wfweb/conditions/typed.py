"""Values as people type them into one line: `1,000`, `900 EUR`, `yes`, `fresh, frozen`.

Reading never guesses against the field: what is no number stays the text it is, and the check
of the condition says what belongs there. ``show`` answers ``None`` for a value that a line of
text cannot hold without changing what it means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from .schema import FieldType
from .values import as_number, normalise, plain

NUMERIC: Final = ("number", "integer", "money")
_MANY: Final = 10_000  # from here on digits are grouped, where commas part nothing
_YES_NO: Final = {"yes": True, "true": True, "no": False, "false": False}
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_MONEY = re.compile(r"(\S.*?)\s*([A-Z]{3})")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_REFERENCE = re.compile(r"\{\{[^{}]*\}\}")


def is_reference(text: str) -> bool:
    """Tell whether a text names another field: ``{{reorder_point}}``."""
    return _REFERENCE.fullmatch(text) is not None


def read(text: str, kind: FieldType | None) -> Any:
    """Return the value that a typed text stands for beside a field of a kind.

    ``None`` is a field nobody knows: a plain whole number is a number there, all else a text.
    """
    text = text.strip()
    if is_reference(text):
        return text
    if kind is None:
        return int(text) if _WHOLE.fullmatch(text) else text
    if kind.kind == "boolean":
        return _YES_NO.get(text.lower(), text)
    if kind.kind in NUMERIC:
        return _amount(text) if kind.kind == "money" else _number(text)
    if kind.kind == "choice":
        return _choice(text, kind)
    return text


def read_list(text: str, kind: FieldType | None) -> list[Any]:
    """Return the values of a list that commas part; empty parts are nothing."""
    return [read(part, kind) for part in text.split(",") if part.strip()]


def show(value: Any, kind: FieldType | None) -> str | None:
    """Return a value as it is typed, or ``None`` when ``read`` would make something else of it."""
    return next((text for text in _spellings(value, kind) if _kept(text, value, kind, read)), None)


def show_list(values: Sequence[Any], kind: FieldType | None) -> str | None:
    """Return a list as it is typed, or ``None`` when it cannot be typed."""
    for spelling in (0, -1):  # by the words of the choices, then by what is stored
        text = ", ".join(_spellings(value, kind)[spelling] for value in values)
        if _kept(text, list(values), kind, read_list):
            return text
    return None


def _spellings(value: Any, kind: FieldType | None) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, dict):
        return [f"{value.get('amount')} {value.get('currency')}"]
    stored = str(value)
    number = as_number(stored) if kind is not None and kind.kind in NUMERIC else None
    if number is not None and abs(Decimal(number)) >= _MANY:
        return [f"{number:,f}", stored]
    if kind is not None and kind.kind == "choice" and stored in kind.choices:
        return [kind.choices[stored], stored]
    return [stored]


def _kept(
    text: str, value: Any, kind: FieldType | None, back: Callable[[str, FieldType | None], Any]
) -> bool:
    """Tell whether a line of text comes back from a browser as the same value."""
    whole = text == text.strip() and not any(one < " " or one == "\x7f" for one in text)
    return whole and bool(text) and same(back(text, kind), value, kind)


def same(one: Any, other: Any, kind: FieldType | None) -> bool:
    """Tell whether two literals mean the same beside a field: 5 and "5.0" do beside a number."""
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(same(a, b, kind) for a, b in pairs)
    if type(one) is type(other) and one == other:
        return True
    if kind is None or kind.kind not in NUMERIC or isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and bool(normalise(one) == normalise(other))
    if isinstance(one, (dict, list)) or isinstance(other, (dict, list)):
        return False
    numbers = as_number(normalise(one)), as_number(normalise(other))
    return None not in numbers and numbers[0] == numbers[1]


def _number(text: str) -> Any:
    """Return a number: whole ones as such, others as an exact text without needless zeros."""
    digits = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    number = as_number(digits)
    if number is None:
        return text
    if number == int(number):
        return plain(int(number))
    return format(number, "f").rstrip("0")


def _amount(text: str) -> Any:
    money = _MONEY.fullmatch(text)
    if money is None:
        return _number(text)
    amount = _number(money[1])
    known = as_number(amount) is not None
    return {"amount": str(amount), "currency": money[2]} if known else text


def _choice(text: str, kind: FieldType) -> str:
    if text in kind.choices:
        return text
    meant = [code for code, label in kind.choices.items() if label.lower() == text.lower()]
    return meant[0] if len(meant) == 1 else text
