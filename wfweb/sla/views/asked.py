"""What the address of a board asks for; filters that make no sense are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from flask import url_for

from wfweb.kernel.web import safe_next
from wfweb.sla.board import LEVELS, SCOPES, Filters
from wfweb.sla.cards import NAMES
from wfweb.sla.models import SlaDefinition

LONGEST: Final = 100
_NAMES: Final = ("scope", "view", "definition", "type", "level", "q")
_USUAL: Final[Mapping[str, str]] = {"scope": "team", "view": "board"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters of an address as they were typed, without what is usual."""

    typed: Mapping[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """Whose clocks: ``team``, ``mine`` or ``everyone``."""
        return self.typed.get("scope", "team")

    @property
    def view(self) -> str:
        """``board`` or ``table``."""
        return self.typed.get("view", "board")

    @property
    def filters(self) -> Filters:
        """What the queries are asked."""
        return Filters(
            scope=self.scope,
            definition=self.typed.get("definition", ""),
            record_type=self.typed.get("type", ""),
            level=self.typed.get("level", ""),
            text=self.typed.get("q", ""),
        )

    @property
    def narrowed(self) -> bool:
        """Tell whether anything but scope and view is filtered."""
        return bool(set(self.typed) - {"scope", "view"})

    def args(self, **changes: str | None) -> dict[str, str]:
        """Return the arguments of this address with some changed; None leaves one out."""
        both = {**self.typed, **changes}
        return {name: value for name, value in both.items() if value and value != _USUAL.get(name)}

    def url(self, endpoint: str = "sla.board", /, **changes: str | None) -> str:
        """Return this address with some arguments changed."""
        text = urlencode(self.args(**changes))
        return url_for(endpoint) + (f"?{text}" if text else "")


def read_asked(args: Mapping[str, str]) -> Asked:
    """Read a board's address."""
    typed = {}
    for name in _NAMES:
        value = args.get(name, "").strip()[:LONGEST]
        if value and value.isprintable():
            typed[name] = value.upper() if name == "level" else value
    allowed: dict[str, Sequence[str]] = {
        "scope": SCOPES,
        "view": ("board", "table"),
        "level": LEVELS,
    }
    return Asked({n: v for n, v in typed.items() if n not in allowed or v in allowed[n]})


def back_to_board(text: str | None) -> str:
    """Return the board's address to go back to; never anything but a page of deadlines."""
    target = safe_next(text, "/sla")
    inside = target.startswith(("/sla?", "/sla/")) and ".." not in target
    return target if inside else "/sla"


def chips(asked: Asked, definitions: Sequence[SlaDefinition], types: Mapping[str, str]) -> Any:
    """Return the filters that are set: their value in words, and the address without them."""
    names = {one.code: one.name for one in definitions}
    words = {
        "definition": names.get(asked.typed.get("definition", ""), ""),
        "type": types.get(asked.typed.get("type", ""), ""),
        "level": NAMES.get(asked.typed.get("level", ""), ""),
        "q": f"“{asked.typed['q']}”" if "q" in asked.typed else "",
    }
    return {
        name: {"value": words[name] or asked.typed[name], "href": _without(asked, name)}
        for name in words
        if name in asked.typed
    }


def _without(asked: Asked, name: str) -> str:
    nothing: dict[str, str | None] = {name: None}
    return asked.url("sla.board", **nothing)
