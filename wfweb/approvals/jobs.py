"""Telling people about requests: later reactions that turn events into messages.

Only people who can act are asked to; requesters hear how it ended. ``still_wanted`` is asked
once more just before each mail leaves.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.approvals.models import (
    ApprovalAssignment,
    ApprovalDecision,
    ApprovalLevel,
    ApprovalRequest,
)
from wfweb.approvals.presentation import words_of
from wfweb.calendars.words import in_words
from wfweb.identity import queries as people
from wfweb.identity.models import User
from wfweb.kernel import formats
from wfweb.kernel.db import session
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.records.fields import Field
from wfweb.records.lookups import Names, names_for
from wfweb.records.models import Comment
from wfweb.records.types import find_type, shape_of

SUBJECT = "approval_request"
ASSIGNMENT = "approval_assignment"
FACTS_SHOWN = 6
NOBODY = Names({}, {})
LINK_NOTE = "Opening the link decides nothing; the page asks you."


def tell_assigned(payload: dict[str, Any]) -> None:
    """Ask the people whose turn it is."""
    _ask(payload, "approval_assigned", payload["assignment_ids"])


def tell_reminder(payload: dict[str, Any]) -> None:
    """Remind the people who have not answered; once per reminder."""
    _ask(payload, "approval_reminder", payload["assignment_ids"], once=str(payload["message_id"]))


def tell_moved(payload: dict[str, Any]) -> None:
    """Tell somebody that a seat was given to them."""
    if payload.get("to_user_id") is None:
        return
    seats = select(ApprovalAssignment.id).where(
        ApprovalAssignment.request_id == UUID(str(payload["request_id"])),
        ApprovalAssignment.user_id == UUID(str(payload["to_user_id"])),
        ApprovalAssignment.status == "pending",
        ApprovalAssignment.asked_at.is_not(None),
    )
    kind = "approval_escalated" if payload.get("kind") == "escalated" else "approval_moved"
    giver = _name(payload.get("from_user_id"))
    _ask(payload, kind, session().scalars(seats).all(), extra={"giver": giver})


def tell_approved(payload: dict[str, Any]) -> None:
    """Tell the requester that everybody agreed."""
    _tell_requester(payload, "approval_approved")


def tell_rejected(payload: dict[str, Any]) -> None:
    """Tell the requester who said no and why."""
    _tell_requester(payload, "approval_rejected", comment=_last_words(payload))


def tell_cancelled(payload: dict[str, Any]) -> None:
    """Tell the requester what came back to be changed, and the asked what was taken back."""
    if payload.get("reason") == "sent_back":
        _tell_requester(payload, "approval_sent_back", comment=_last_words(payload))
    elif payload.get("reason") == "withdrawn":
        request = _request(payload)
        notify(
            [UUID(str(user_id)) for user_id in payload.get("waiting_user_ids", ())],
            "approval_withdrawn",
            _context(request),
            subject=(SUBJECT, request.id),
            key=f"{request.id}:withdrawn",
        )


def tell_at_risk(payload: dict[str, Any]) -> None:
    """Tell those who can repair a request that nobody can decide it."""
    request = _request(payload)
    holders = people.users_with_permission("approvals.reassign")
    context = {**_context(request), "reason": payload.get("reason", "")}
    notify(
        [user.id for user in holders],
        "approval_at_risk",
        context,
        subject=(SUBJECT, request.id),
        key=str(payload["message_id"]),
        thread=_thread(request),
    )


def tell_question(payload: dict[str, Any]) -> None:
    """Tell the requester that an approver asks something."""
    request = _request(payload)
    comment = session().get(Comment, UUID(str(payload["comment_id"])))
    if comment is None or request.requester_id is None:
        return
    context = {
        **_context(request),
        "author": _name(payload.get("user_id")),
        "comment": comment.body,
    }
    notify(
        [request.requester_id],
        "approval_question",
        context,
        subject=(SUBJECT, request.id),
        key=str(comment.id),
        thread=_thread(request),
    )


def still_wanted(assignment_id: UUID, user_id: UUID) -> bool:
    """Tell whether somebody can still act on the seat a mail is about."""
    statement = (
        select(ApprovalAssignment.id)
        .join(ApprovalRequest, ApprovalRequest.id == ApprovalAssignment.request_id)
        .where(
            ApprovalAssignment.id == assignment_id,
            ApprovalAssignment.user_id == user_id,
            ApprovalAssignment.status == "pending",
            ApprovalRequest.status.in_(("pending", "escalated")),
        )
    )
    return session().scalar(statement) is not None


def _ask(
    payload: Mapping[str, Any],
    kind: str,
    assignment_ids: Iterable[Any],
    *,
    once: str = "",
    extra: Mapping[str, str] | None = None,
) -> None:
    """Send each person in question the request as it is now, with why it is theirs."""
    request = _request(payload)
    seats = session().execute(
        select(ApprovalAssignment, ApprovalLevel)
        .join(ApprovalLevel, ApprovalLevel.id == ApprovalAssignment.level_id)
        .where(ApprovalAssignment.id.in_([UUID(str(i)) for i in assignment_ids]))
    )
    for seat, level in seats.all():
        with _read_by(seat.user_id):
            context = {**_context(request, seat, level), **(extra or {})}
        notify(
            [seat.user_id],
            kind,
            context,
            subject=(ASSIGNMENT, seat.id),
            key=f"{seat.id}:{once}",
            thread=_thread(request),
        )


def _tell_requester(payload: Mapping[str, Any], kind: str, **extra: str) -> None:
    request = _request(payload)
    if request.requester_id is None:
        return
    with _read_by(request.requester_id):
        context = {**_context(request), **extra}
    notify(
        [request.requester_id],
        kind,
        context,
        subject=(SUBJECT, request.id),
        key=f"{request.id}:{kind}",
        thread=_thread(request),
    )


def _read_by(user_id: UUID) -> AbstractContextManager[None]:
    """Let times and numbers be those of the person who will read them."""
    reader = session().get(User, user_id)
    return formats.read_by(reader.time_zone, reader.locale) if reader else nullcontext()


def _request(payload: Mapping[str, Any]) -> ApprovalRequest:
    return session().get_one(ApprovalRequest, UUID(str(payload["request_id"])))


def _thread(request: ApprovalRequest) -> str:
    return f"{request.key}.{request.company_id}"


def _name(user_id: Any) -> str:
    found = session().get(User, UUID(str(user_id))) if user_id else None
    return found.name if found else "wfweb"


def _last_words(payload: Mapping[str, Any]) -> str:
    """Return the last decision of the request in words: who, and the comment."""
    decision = session().scalar(
        select(ApprovalDecision)
        .where(ApprovalDecision.request_id == UUID(str(payload["request_id"])))
        .order_by(ApprovalDecision.id.desc())
        .limit(1)
    )
    if decision is None:
        return ""
    return f"{decision.user_name}: {decision.comment}" if decision.comment else decision.user_name


def _context(
    request: ApprovalRequest,
    seat: ApprovalAssignment | None = None,
    level: ApprovalLevel | None = None,
) -> dict[str, Any]:
    """Return the names that words may use, the facts table, and the address of the page."""
    company = session().get_one(Company, request.company_id)
    path = f"/requests/{request.key}"
    amount = formats.money(request.amount, request.currency or company.currency)
    due = seat.due_at if seat and seat.due_at else request.due_at
    place = f"level {request.current_level} of {request.levels_total}"
    if level is not None:
        place = f"{level.name}, level {level.number} of {request.levels_total}"
    context: dict[str, Any] = {
        "key": request.key,
        "title": request.title,
        "amount": amount or request.record_key,
        "requester": _name(request.requester_id),
        "reason": seat.why if seat else "",
        "due": f"due {formats.short_moment(due)}" if due else "no due time",
        "level": place,
        "record": request.record_key,
        "company": company.name,
        "path": path,
        "url": get_settings().public_url + path,
    }
    facts = [("Requested by", context["requester"]), ("Record", request.record_key)]
    facts += _content_facts(request)
    if seat is not None:
        facts += [("Why you", seat.why), ("Step", place)]
    if due:
        facts.append(("Due", formats.datetime_text(due)))
    if due and level is not None and level.receipt:
        facts.append(("How it was counted", in_words(level.receipt)))
    context["facts"] = facts
    context["notes"] = [LINK_NOTE] if seat else []
    return context


def _content_facts(request: ApprovalRequest) -> list[tuple[str, str]]:
    """Return the first material fields as label and text, in the words of the record's page."""
    fields = request.snapshot.get("fields", ())
    kind = find_type(request.record_type_code)
    shape = shape_of(kind) if kind else None
    data = {f["code"]: f["value"] for f in fields if shape and f["code"] in shape.by_code}
    names = names_for(shape, data) if shape else NOBODY
    facts = []
    for field in fields:
        known = shape.field(field["code"]) if shape else None
        facts.append((str(field["label"]), _text(known, field, names)))
    return [fact for fact in facts if fact[1]][:FACTS_SHOWN]


def _text(known: Field | None, field: Mapping[str, Any], names: Names) -> str:
    if field["type"] == "lines":
        count = len(field["value"] or ())
        return f"{count} line" + ("" if count == 1 else "s") if count else ""
    return words_of(known, field["type"], field["value"], names)
