"""Text templates without logic: ``{{record.title}}`` and nothing else.

There is no expression, no filter, no call: a template can only name a value, so one
written by somebody hostile can show nothing but what it was given (threat 73).
"""

import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)\s*\}\}")
_ANY = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
ROOTS = frozenset({"record", "instance", "requester", "actor", "step", "clock"})
MAX_TEXT = 20_000


def lookup(values: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path, or nothing where a part is missing."""
    value: Any = values
    for part in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def show(value: Any) -> str:
    """Return a value as words; money with its currency, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        if {"amount", "currency"} <= set(value):
            return f"{value['amount']} {value['currency']}"
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(show(item) for item in value)
    return str(value)


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template; an unknown place becomes empty. Nothing is escaped: it is plain text."""
    return _PLACE.sub(lambda found: show(lookup(values, found.group(1))), template)[:MAX_TEXT]


def problems_in(template: str, roots: frozenset[str] = ROOTS) -> list[str]:
    """Return what is wrong with a template, each as a sentence."""
    found: list[str] = []
    for place in _ANY.finditer(template):
        known = _PLACE.fullmatch(place.group(0))
        inner = place.group(1).strip()[:60]
        if known is None:
            found.append(f"“{{{{{inner}}}}}” is not the name of a value")
        elif known.group(1).split(".")[0] not in roots:
            found.append(f"“{inner}” begins with none of {', '.join(sorted(roots))}")
    if "{%" in template or "{#" in template:
        found.append("only {{name}} is read; there is no logic in a text")
    return found
