"""Rules and reasons in words, for the chain, the mails and the explanation."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfweb.approvals.rules import AtRisk

_QUORUM = {
    "any": "any one of",
    "all": "all of",
    "majority": "more than half of",
}


def rule_text(spec: Mapping[str, Any]) -> str:
    """Return a level's rule as one line, e.g. ``Any one of: role finance, record.manager``."""
    number = spec.get("min_approvers")
    if spec.get("quorum") == "n_of_m" or (spec.get("quorum") == "any" and number and number > 1):
        start = f"at least {number} of"
    else:
        start = _QUORUM[spec.get("quorum", "any")]
        if number and number > 1:
            start = f"{start} (at least {number})"
    order = ", one after the other" if spec.get("ordering") == "sequential" else ""
    who = ", ".join(approver_text(approver) for approver in spec.get("approvers", ()))
    text = f"{start}: {who or 'nobody named'}{order}"
    return text[:1].upper() + text[1:]


def approver_text(approver: Mapping[str, Any]) -> str:
    """Return one approver reference in words."""
    if approver.get("user"):
        return str(approver["user"])
    if approver.get("role"):
        return f"role {approver['role']}"
    if approver.get("field"):
        return str(approver["field"]).removeprefix("record.").replace("_", " ")
    depth = int(approver.get("manager_chain") or 1)
    return "the requester's manager" if depth == 1 else f"{depth} managers above the requester"


_RISKS = {
    AtRisk.NOBODY: "Nobody was found who could decide",
    AtRisk.ONLY_BARRED: "Only people were found who may not decide this request",
    AtRisk.TOO_FEW: "Fewer people were found than the rule needs",
}


def risk_text(
    risk: AtRisk, level_name: str, notes: Sequence[str], left_out: Sequence[Mapping[str, str]]
) -> str:
    """Return why a level cannot be settled by the people found for it, with the particulars."""
    particulars = [*notes, *(f"{entry['name']} {entry['reason']}" for entry in left_out)]
    tail = f" ({'; '.join(particulars[:6])})" if particulars else ""
    return f"{_RISKS[risk]} at level “{level_name}”{tail}"


# Ends that no decision of a person brought about.
ENDINGS: Mapping[str, str] = {
    "edited": "it was changed and asked again",
    "withdrawn": "it was withdrawn",
    "timeout": "nobody decided in time",
    "moved_on": "it was closed, because the work moved on",
    "rule_changed": "it was asked anew by another rule",
    "auto_approved": "its rule asks nobody",
}


def ended_in_words(status: str, reason: str | None) -> str:
    """Return how a request ended, e.g. ``it was withdrawn``; ``reason`` is its outcome code."""
    if reason == "sent_back":
        return "it was sent back for changes"
    return ENDINGS.get(reason or "", f"it was {status}")


def names(people: Sequence[str], most: int = 3) -> str:
    """Return a few names for a sentence: ``Ada, Mia and 4 more``."""
    if len(people) <= most:
        return ", ".join(people)
    return f"{', '.join(people[:most])} and {len(people) - most} more"
