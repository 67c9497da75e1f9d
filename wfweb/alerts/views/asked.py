"""What an address of the alert centre asks for: state, filters, where the page begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from wfweb.alerts.models import SEVERITIES, TYPES

STATES: Final = {"open": "Open", "acknowledged": "Acknowledged", "resolved": "Resolved"}
STATUSES: Final = {
    "open": ("active", "escalated"),
    "acknowledged": ("acknowledged",),
    "resolved": ("resolved", "expired"),
}
MINE: Final = {"mine": "Mine", "nobody": "Nobody yet"}
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A view of the alert centre."""

    state: str = "open"
    typed: Mapping[str, str] = field(default_factory=dict)
    after: str | None = None
    open: str = ""

    def args(self, **changes: str | None) -> dict[str, str]:
        """Return what the address of this view holds, with changes."""
        values: dict[str, str | None] = {**self.typed}
        if self.state != "open":
            values["state"] = self.state
        values |= changes
        return {name: value for name, value in values.items() if value}

    def query(self, **changes: str | None) -> str:
        """Return the arguments as they stand in an address."""
        return urlencode(self.args(**changes))


def read(args: "MultiDict[str, str]") -> Asked:
    """Read an address; what is not understood is left out."""
    state = args.get("state", "open")
    known = {"severity": SEVERITIES, "type": TYPES, "owner": tuple(MINE)}
    typed = {
        name: value for name, values in known.items() if (value := args.get(name, "")) in values
    }
    for name in ("rule", "q", "record_type"):
        value = args.get(name, "").strip()[:LONGEST]
        if value and value.isprintable():
            typed[name] = value
    return Asked(
        state if state in STATES else "open",
        typed,
        args.get("after") or None,
        args.get("alert", "")[:40],
    )


def is_plain(query: str) -> bool:
    """Tell whether a text can stand as the query of an address of ours."""
    return len(query) <= LONGEST * 5 and all("!" <= sign <= "~" and sign != "#" for sign in query)
