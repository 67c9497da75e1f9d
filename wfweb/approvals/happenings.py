"""What happened in one round of a request, as its page tells it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wfweb.approvals.queries import RequestPage


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    name: str
    text: str
    at: datetime
    body: str = ""
    icon: str = ""


def happenings(found: RequestPage) -> list[Entry]:
    """Return decisions, comments and the asking of a round, newest first."""
    told = [_decided(one, found) for one in found.decisions]
    for said in found.comments:
        person = found.people.get(said.by_id) if said.by_id else None
        told.append(Entry(person.name if person else "wfweb", "wrote", said.at, said.body))
    asker = found.requester.name if found.requester else "wfweb"
    number = f"round {found.request.round}" if found.request.round > 1 else "this"
    told.append(Entry(asker, f"asked for {number}", found.request.created_at))
    return sorted(told, key=lambda entry: entry.at, reverse=True)


_DONE = {
    "approve": "approved level {level}",
    "reject": "rejected at level {level}",
    "send_back": "sent it back for changes",
    "delegate": "handed it over",
    "withdraw": "withdrew it",
    "reassign": "reassigned it",
}
_CHANNELS = {"api": " · by API", "mail_link": " · from the e-mail", "job": " · by wfweb"}


def _decided(one: Any, found: RequestPage) -> Entry:
    text = _DONE.get(one.decision, "answered").format(level=one.level_number)
    if one.decision == "approve" and one.level_number == 0:
        text = "approved"
    behalf = found.people.get(one.on_behalf_of_id) if one.on_behalf_of_id else None
    if behalf is not None:
        text += f" for {behalf.name}"
    if one.carried_from_id is not None:
        text += " (the same answer counts here)"
    reason = _reason_label(one.reason_code, found)
    if reason:
        text += f": {reason}"
    icon = "" if one.user_id else "bolt"
    return Entry(one.user_name, text + _CHANNELS.get(one.channel, ""), one.at, one.comment, icon)


def _reason_label(code: str | None, found: RequestPage) -> str:
    labels = {str(r["code"]): str(r["label"]) for r in found.reject_reasons}
    return labels.get(code or "", "")
