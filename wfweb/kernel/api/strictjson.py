"""Reading JSON that others wrote: everything doubtful is refused, with its place.

Parsers disagree about duplicate names, NaN, huge numbers and broken text, and what two
parts of a system read differently is how checks are passed by (reliability C 70).
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from wfweb.kernel.errors import BadRequest, FieldError, Refusal, ValidationFailed

DEEPEST = 64
MOST_VALUES = 200_000
LONGEST_NUMBER = 60
LARGEST_INTEGER = 2**63 - 1
MOST_PROBLEMS = 20

_UNFIT = re.compile("[\x00\ud800-\udfff]")


class _Bad:
    """Stands in the parsed value for something that JSON or a database cannot hold."""

    def __init__(self, message: str) -> None:
        self.message = message


class _Twice(dict[str, Any]):
    """An object in which a name came twice."""

    name = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    marked = _Twice(found)
    for name, _value in pairs:
        if name in seen:
            marked.name = name
        seen.add(name)
    return marked


def _integer(text: str) -> Any:
    if len(text) > LONGEST_NUMBER or abs(int(text)) > LARGEST_INTEGER:
        return _Bad("This number is too large; send it as text")
    return int(text)


def _fraction(text: str) -> Any:
    if len(text) > LONGEST_NUMBER:
        return _Bad(f"Use at most {LONGEST_NUMBER} digits")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return _Bad("This number is too large")
    if Decimal(repr(value)) != Decimal(text):
        return _Bad("This has more digits than a JSON number keeps; send it as text")
    return value


def _constant(text: str) -> _Bad:
    return _Bad(f"{text} is not a number of JSON")


def read_json(raw: bytes) -> Any:
    """Return the value that UTF-8 JSON text stands for.

    :raises BadRequest: when it is not JSON, naming line and column.
    :raises ValidationFailed: when it is JSON, but holds what cannot be kept; with pointers.
    """
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8: byte {error.start} does not belong there"
        raise BadRequest(message) from None
    except json.JSONDecodeError as error:
        message = f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}"
        raise BadRequest(message, line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _too_deep("") from None
    problems = []
    for problem in _problems(value):
        problems.append(problem)
        if len(problems) == MOST_PROBLEMS:
            break
    if problems:
        raise ValidationFailed(problems)
    return value


def _too_deep(pointer: str) -> Refusal:
    return ValidationFailed.at(pointer, f"Nest at most {DEEPEST} deep", "too_deep")


def escaped(name: object) -> str:
    """Return one step of a JSON pointer (RFC 6901), safe to show and not too long."""
    step = str(name).replace("~", "~0").replace("/", "~1")
    return _UNFIT.sub("�", step)[:100]


def unfit(text: str) -> bool:
    """Tell whether a text holds what no database text can: NUL or half a character."""
    return _UNFIT.search(text) is not None


def _problems(root: Any) -> Iterator[FieldError]:
    """Walk a value without recursion and find everything that was marked or is unfit."""
    waiting: list[tuple[str, int, Any]] = [("", 1, root)]
    seen = 0
    while waiting:
        pointer, depth, value = waiting.pop()
        seen += 1
        if seen > MOST_VALUES:
            yield FieldError(pointer, f"Send at most {MOST_VALUES} values at once", "too_many")
            return
        if isinstance(value, _Bad):
            yield FieldError(pointer, value.message, "number")
        elif isinstance(value, str):
            if unfit(value):
                yield FieldError(pointer, "This text holds a character that cannot be kept", "text")
        elif isinstance(value, dict | list):
            if depth > DEEPEST:
                raise _too_deep(pointer)
            yield from _names(pointer, value)
            steps = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [(f"{pointer}/{escaped(step)}", depth + 1, one) for step, one in steps]


def _names(pointer: str, value: dict[str, Any] | list[Any]) -> Iterator[FieldError]:
    if isinstance(value, _Twice):
        yield FieldError(f"{pointer}/{escaped(value.name)}", "This name is given twice", "twice")
    if isinstance(value, dict):
        for name in value:
            if unfit(name):
                place = f"{pointer}/{escaped(name)}"
                yield FieldError(place, "This name holds a character that cannot be kept", "text")
