"""What each operator means for two comparable values. A missing side always gives ``False``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .values import OPAQUE, Money, as_moment, equal, normalise, order

Test = Callable[[Any, Any], bool]

# Deeper values are no data of ours; the bound keeps a hostile document from exhausting the stack.
_MAX_VALUE_DEPTH: Final = 50


def _equals(left: Any, right: Any) -> bool:
    return equal(left, right) is True


def _differs(left: Any, right: Any) -> bool:
    return equal(left, right) is False


def _over(left: Any, right: Any) -> bool:
    return order(left, right) == 1


def _under(left: Any, right: Any) -> bool:
    return order(left, right) == -1


def _at_least(left: Any, right: Any) -> bool:
    return order(left, right) in (0, 1)


def _at_most(left: Any, right: Any) -> bool:
    return order(left, right) in (0, -1)


def _contains(left: Any, right: Any) -> bool:
    return holds(left, right) is True


def _lacks(left: Any, right: Any) -> bool:
    return holds(left, right) is False


def holds(whole: Any, part: Any) -> bool | None:
    """Tell whether a list has a member or a text a part (upper and lower case alike).

    ``None`` when the two do not fit together or one is missing.
    """
    if part is None:
        return None
    if isinstance(whole, str):
        return part.casefold() in whole.casefold() if isinstance(part, str) else None
    if type(whole) is not tuple or isinstance(part, tuple):
        return None
    return any(equal(normalise(member), part) for member in whole)


def _is_in(value: Any, members: Any) -> bool:
    return type(members) is tuple and is_member(value, members) is True


def _is_outside(value: Any, members: Any) -> bool:
    # An unknown member might be the very value, so with one nothing is certainly outside.
    return type(members) is tuple and None not in members and is_member(value, members) is False


def is_member(value: Any, members: Sequence[Any]) -> bool | None:
    """Tell whether a value equals one of several normalised values.

    ``None`` when the value is missing or comparable with none of them.
    """
    if value is None or type(value) is tuple:
        return None
    answers = [equal(value, member) for member in members]
    if True in answers:
        return True
    return False if False in answers or not answers else None


def is_between(value: Any, low: Any, high: Any) -> bool:
    """Tell whether a value lies from ``low`` to ``high``, both ends included."""
    return order(value, low) in (0, 1) and order(value, high) in (0, -1)


def changed(before: Any, after: Any) -> bool:
    """Tell whether a plain value is another than before; 1.0 and 1.00 are the same amount."""
    return bool(_settled(before, 0) != _settled(after, 0))


def _settled(value: Any, depth: int) -> Any:
    """Bring a plain value of any depth to a form in which equal content is equal."""
    if depth > _MAX_VALUE_DEPTH:
        return OPAQUE
    if isinstance(value, (list, tuple)):
        return [_settled(member, depth + 1) for member in value] or None
    if isinstance(value, Mapping) and type(normalise(value)) is not Money:
        return {str(key): _settled(member, depth + 1) for key, member in value.items()} or None
    known = normalise(value)
    if isinstance(known, bool):
        return str(known)  # Python holds True equal to 1; a person does not.
    moment = as_moment(known)
    return known if moment is None else moment


BINARY: Final[dict[str, Test]] = {
    "=": _equals,
    "!=": _differs,
    ">": _over,
    ">=": _at_least,
    "<": _under,
    "<=": _at_most,
    "contains": _contains,
    "not contains": _lacks,
    "in": _is_in,
    "not in": _is_outside,
}
