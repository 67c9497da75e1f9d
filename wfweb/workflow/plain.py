"""Reading plain state machines: ``{name, initial, states, final, transitions: [{from, on, to}]}``.

This is the form in which a process that was found in a log, or drawn on a board, is
usually written down. It becomes a full definition, so that it runs through the same engine:

- a state that nothing leaves is an end; a ``final`` state that is left again is a rest;
- without ``final`` a case may rest anywhere but at the start;
- the roles ``UNDEFINED`` and ``SYSTEM`` are the machine itself;
- nothing times out, because a plain machine knows no time.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from wfweb.workflow.problems import Problem
from wfweb.workflow.schemas import SYSTEM_ROLE

MACHINE_ROLES = frozenset({"UNDEFINED", "SYSTEM"})
MAX_CODE = 63


def is_plain(data: dict[str, Any]) -> bool:
    """Tell whether a file has the plain form: states are names, transitions have ``on``."""
    states, ways = data.get("states"), data.get("transitions")
    return (
        "initial" in data
        and isinstance(states, list)
        and isinstance(ways, list)
        and all(isinstance(state, str) for state in states)
    )


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """Return a code for a name, other than those already taken."""
    simple = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", simple).strip("_") or "item"
    base = base if base[0].isalpha() else f"n_{base}"
    base = base[: MAX_CODE - 4]
    used, number, code = set(taken), 1, base
    while code in used:
        number += 1
        code = f"{base}_{number}"
    return code


def role_code(name: str | None) -> str | None:
    """Return the role code for a role name of a log; the machine's names become ``system``."""
    if name is None:
        return None
    return SYSTEM_ROLE if name.upper() in MACHINE_ROLES else slug(name)


def _form_problems(data: dict[str, Any]) -> list[Problem]:
    found: list[Problem] = []
    states = data["states"]
    named = [("/initial", data["initial"])]
    named += [(f"/final/{n}", name) for n, name in enumerate(data.get("final") or [])]
    for number, way in enumerate(data["transitions"]):
        place = f"/transitions/{number}"
        if not isinstance(way, dict) or not isinstance(way.get("on"), str) or not way["on"]:
            found.append(Problem(place, "a transition has from, on and to", "form"))
            continue
        named += [(f"{place}/from", way.get("from")), (f"{place}/to", way.get("to"))]
        if not isinstance(way.get("role"), str | None):
            found.append(Problem(f"{place}/role", "a role is a name", "form"))
    found += [
        Problem(place, f"“{name}” is not in states", "unknown_state")
        for place, name in named
        if name not in states
    ]
    found += [
        Problem(f"/states/{n}", f"“{name}” is there twice", "duplicate")
        for n, name in enumerate(states)
        if name in states[:n]
    ]
    return found


def convert(data: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the full form of a plain state machine, or an empty one and what is wrong."""
    problems = _form_problems(data)
    if problems:
        return {}, problems
    codes: dict[str, str] = {}
    for name in data["states"]:
        codes[name] = slug(name, codes.values())
    name = str(data.get("title") or data.get("name") or "Imported")
    body = {
        "code": slug(str(data.get("name") or "imported")),
        "name": name[:120],
        "description": str(data.get("note") or ""),
        "timeout_hours": None,
        "states": [_state(data, state, codes, n) for n, state in enumerate(data["states"])],
        "transitions": _transitions(data["transitions"], codes),
    }
    return body, []


def _state(data: dict[str, Any], name: str, codes: dict[str, str], place: int) -> dict[str, Any]:
    leaves = any(way["from"] == name for way in data["transitions"])
    final = data.get("final")
    state: dict[str, Any] = {"code": codes[name], "name": name, "sequence": place}
    if name == data["initial"]:
        state["type"] = "start"
    elif not leaves:
        state["type"] = "end"
    state["final"] = name in final if final is not None else name != data["initial"]
    return state


def _transitions(ways: list[dict[str, Any]], codes: dict[str, str]) -> list[dict[str, Any]]:
    taken: set[str] = set()
    found = []
    for number, way in enumerate(ways):
        code = slug(f"{codes[way['from']][:28]}_{slug(way['on'])[:28]}", taken)
        taken.add(code)
        found.append(
            {
                "code": code,
                "from": codes[way["from"]],
                "to": codes[way["to"]],
                "event": way["on"],
                "label": str(way["on"])[:120],
                "role": role_code(way.get("role")),
                "sequence": number,
            }
        )
    return found
