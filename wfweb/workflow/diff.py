"""Differences of two versions: line by line as text, and in words for the people who publish."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from wfweb.workflow.exchange import export_yaml
from wfweb.workflow.schemas import DefinitionBody, full


def text_diff(
    old: DefinitionBody, new: DefinitionBody, old_name: str = "old", new_name: str = "new"
) -> str:
    """Return a unified diff of the two exported files; empty when they say the same."""
    return "".join(
        difflib.unified_diff(
            export_yaml(old).splitlines(keepends=True),
            export_yaml(new).splitlines(keepends=True),
            old_name,
            new_name,
        )
    )


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: what it is about, and what of it changed."""

    mark: Literal["added", "removed", "changed"]
    what: str
    fields: tuple[tuple[str, Any, Any], ...] = ()


def changes(old: DefinitionBody, new: DefinitionBody) -> list[Change]:
    """Return the differences as a list: of the definition itself, then states, then steps."""
    before, after = full(old), full(new)
    lists = ("states", "transitions")
    found: list[Change] = []
    own = _fields(
        {key: value for key, value in before.items() if key not in lists},
        {key: value for key, value in after.items() if key not in lists},
    )
    if own:
        found.append(Change("changed", f"Workflow “{new.name}”", own))
    for key, word in (("states", "State"), ("transitions", "Step")):
        found += _by_code(before[key], after[key], word)
    return found


def _by_code(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], word: str
) -> list[Change]:
    was = {item["code"]: item for item in before}
    now = {item["code"]: item for item in after}
    found = []
    for code, item in now.items():
        if code not in was:
            found.append(Change("added", f"{word} “{_name(item)}”"))
        elif fields := _fields(was[code], item):
            found.append(Change("changed", f"{word} “{_name(item)}”", fields))
    found += [
        Change("removed", f"{word} “{_name(item)}”")
        for code, item in was.items()
        if code not in now
    ]
    return found


def _name(item: Mapping[str, Any]) -> str:
    return str(item.get("name") or item.get("label") or item["code"])


def _fields(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (key, before.get(key), after.get(key)) for key in after if before.get(key) != after.get(key)
    )
