"""Entries in words: what a reader sees of a row."""

from dataclasses import dataclass
from typing import Any

from wfweb.audit.models import AuditEvent
from wfweb.kernel.jsontext import dumps

LONGEST_VALUE = 300
CHANNELS = {
    "page": "browser",
    "api": "API",
    "job": "background work",
    "timer": "deadline",
    "cli": "command line",
    "mail_link": "e-mail link",
    "replay": "replay of a log",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry and its difference, ready for a template."""

    entry: AuditEvent
    what: str
    source: str
    rows: list[dict[str, str]]
    facts: list[tuple[str, str]]


def present(entry: AuditEvent) -> Shown:
    """Return an entry as a reader sees it."""
    before, after = entry.old_values or {}, entry.new_values or {}
    rows = [
        {
            "label": words(name),
            "old": value_text(before.get(name)),
            "new": value_text(after.get(name)),
        }
        for name in entry.changed_fields
    ]
    facts = [(words(name), value_text(value)) for name, value in (entry.details or {}).items()]
    return Shown(
        entry=entry,
        what=words(entry.name.replace(".", " ")),
        source=CHANNELS.get(entry.channel, entry.channel),
        rows=rows,
        facts=[fact for fact in facts if fact[1]],
    )


def words(name: str) -> str:
    """Return a name of the program as words of a sentence."""
    text = name.replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def value_text(value: Any) -> str:
    """Return a stored value as short text."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict) and set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = value if isinstance(value, str) else dumps(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"
