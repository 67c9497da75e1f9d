"""The door of outbox messages about levels: what a definition wants done when one is reached.

Crossings are written at once, acts follow here. A message about a clock that has ended meanwhile,
or about a level that a graver one has overtaken, does nothing; nor does one about a clock that
stands still, unless it breached before: no pause undoes that, and no later level would tell it.
"""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from wfweb.identity import queries as people
from wfweb.kernel import formats
from wfweb.kernel.db import session
from wfweb.kernel.errors import Refusal
from wfweb.kernel.settings import get_settings
from wfweb.kernel.tenancy import Company
from wfweb.notifications import notify
from wfweb.sla import definitions, subjects
from wfweb.sla.body import Action
from wfweb.sla.models import SlaClock

log = structlog.get_logger()
SUBJECT = "sla_clock"
WORDS = {
    "YELLOW": "has used most of its time",
    "ORANGE": "is close to its due time",
    "RED": "is about to be late",
    "BREACHED": "is late",
}


def act_on_level(payload: dict[str, Any]) -> None:
    """Do what the definition says about a level that a clock reached."""
    if payload.get("overtaken"):
        return
    found = session().get(SlaClock, UUID(str(payload["target_id"])))
    if found is None or not _is_news(found):
        return
    if found.level != payload["level"] or found.round != payload.get("round", 1):
        return
    body = definitions.version_of(found.version_id).body
    for action in body.actions_of(found.level):
        _do(found, action, body.name)


def still_wanted(clock_id: UUID, _user_id: UUID) -> bool:
    """Tell whether a mail about a clock is still news when it is about to leave."""
    found = session().get(SlaClock, clock_id)
    return found is not None and _is_news(found)


def _is_news(found: SlaClock) -> bool:
    if found.completed_at is not None:
        return False
    return found.status != "paused" or found.breached_at is not None


def _do(found: SlaClock, action: Action, promise: str) -> None:
    if action.do == "reassign":
        _reassign(found, action.to)
    kind = "sla_watch" if action.do == "watch" else "sla_level"
    for person in people.people_by_ids(_whom(found, action)).values():
        with formats.read_by(person.time_zone, person.locale):
            context = _context(found, promise)
        notify(
            [person.id],
            kind,
            context,
            subject=(SUBJECT, found.id),
            key=f"{found.id}:{found.round}:{found.level}",
            thread=str(found.id),
        )


def _whom(found: SlaClock, action: Action) -> set[UUID]:
    """Return whom an action tells; with nobody there, those who look after deadlines."""
    owner = {found.owner_id} if found.owner_id else set()
    managers: set[UUID] = set()
    if found.owner_id:
        managers = {one.id for one in people.manager_chain(found.owner_id, 1)}
    role = action.to or found.team
    team = {one.id for one in people.users_with_role(role)} if role else set()
    told = {
        "watch": owner,
        "prepare": owner,
        "alert_team": team or owner,
        "escalate": owner | managers | team,
        "notify_manager": managers,
        "reassign": set(),
    }[action.do]
    if told or action.do == "reassign":
        return told
    return {one.id for one in people.users_with_permission("sla.pause")}


def _reassign(found: SlaClock, role: str | None) -> None:
    """Give the subject to somebody of a role, else to the owner's manager: whoever has least."""
    kind = subjects.kinds().get(found.subject_type)
    if role is not None:
        candidates = [one.id for one in people.users_with_role(role)]
    else:
        chain = people.manager_chain(found.owner_id, 1) if found.owner_id else []
        candidates = [one.id for one in chain]
    candidates = [one for one in candidates if one != found.owner_id]
    if kind is None or kind.reassign is None or not candidates:
        log.info("sla_reassign_skipped", clock_id=str(found.id), candidates=len(candidates))
        return
    try:
        kind.reassign(found.subject_id, _least_busy(candidates))
    except Refusal as refusal:
        log.info("sla_reassign_refused", clock_id=str(found.id), reason=refusal.detail)


def _least_busy(candidates: list[UUID]) -> UUID:
    query = select(SlaClock.owner_id).where(
        SlaClock.owner_id.in_(candidates), SlaClock.completed_at.is_(None)
    )
    have = [one for one in session().scalars(query) if one is not None]
    return min(candidates, key=lambda one: (have.count(one), candidates.index(one)))


def _context(found: SlaClock, promise: str) -> dict[str, Any]:
    company = session().scalars(select(Company).where(Company.id == found.company_id)).one()
    path = f"/sla/{found.id}"
    due = found.due_at
    return {
        "subject": found.title,
        "promise": promise,
        "level": found.level.capitalize(),
        "state": WORDS[found.level],
        "due": formats.datetime_text(due) if due else "no due time",
        "company": company.name,
        "path": path,
        "url": get_settings().public_url + path,
        "facts": [("Deadline", promise), ("Due", formats.datetime_text(due) if due else "")],
    }
