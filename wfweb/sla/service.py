"""Clocks after a change of their subjects: which begin, which end, pause and go on.

Every change of a subject is judged in two passes in a fixed order: first the missing clocks are
made (a definition whose stop condition holds makes none: stop beats start), then each open clock
is stopped, cancelled, paused or resumed, in this order, by the version it is pinned to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from wfweb.calendars.queries import Pinned
from wfweb.kernel import clock
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.journal import journal
from wfweb.sla import beginning, definitions, loading, subjects, telling
from wfweb.sla.clocks import Held, Row, project, settle, tell
from wfweb.sla.judging import Judge
from wfweb.sla.ledger import Happening
from wfweb.sla.models import SlaDefinition
from wfweb.sla.subjects import Key

NO_LONGER = "No longer applies"
GONE = "The subject is gone"


@dataclass(frozen=True, slots=True)
class Offer:
    """A definition that may start clocks: its id and live version."""

    id: UUID
    code: str
    active: bool
    version_id: UUID


def evaluate(changed: Mapping[Key, Collection[str]]) -> None:
    """Look at the clocks of subjects that changed; without definitions it costs one query."""
    offers = _offers()
    if not offers:
        return
    journal().flush()
    every = subjects.with_parts(list(changed), offers)
    held = loading.of_subjects([subject_id for kind, subject_id in every if kind in offers])
    wanted = sorted(key for key in every if _concerned(offers.get(key[0], ()), held, key))
    found = subjects.find_all(wanted)
    calendars: dict[str | None, Pinned] = {}
    for key in wanted:
        rows, subject = held.get(key[1], []), found.get(key)
        if subject is None:
            _drop([row for row in rows if row.completed_at is None])
        else:
            judge = Judge(subject, clock.now(), changed[every[key]], calendars)
            _judge(judge, offers[key[0]], rows)


def _concerned(offers: Sequence[Offer], held: Mapping[UUID, list[Row]], key: Key) -> bool:
    """Tell whether a subject has an open clock, or could get one."""
    rows = held.get(key[1], ())
    return any(row.completed_at is None for row in rows) or any(one.active for one in offers)


def _offers() -> dict[str, list[Offer]]:
    query = (
        select(
            SlaDefinition.subject_type,
            SlaDefinition.id,
            SlaDefinition.code,
            SlaDefinition.active,
            SlaDefinition.live_version_id,
        )
        .where(
            SlaDefinition.company_id == current_actor().company_id,
            SlaDefinition.live_version_id.is_not(None),
        )
        .order_by(SlaDefinition.code)
    )
    found: dict[str, list[Offer]] = {}
    for subject_type, definition_id, code, active, version_id in session().execute(query).all():
        if version_id is not None:
            offer = Offer(definition_id, code, active, version_id)
            found.setdefault(subject_type, []).append(offer)
    return found


def _judge(judge: Judge, offers: Sequence[Offer], rows: list[Row]) -> None:
    made = [
        held
        for offer in offers
        if offer.active and (held := _missing(offer, judge, rows)) is not None
    ]
    fresh = {held.row.id for held in made}
    for row in rows:
        if row.completed_at is None and row.id not in fresh:
            _follow(row, judge)


def _missing(offer: Offer, judge: Judge, rows: list[Row]) -> Held | None:
    """Start the clock of a definition when there should be one and is none."""
    mine = [row for row in rows if row.definition_id == offer.id]
    if any(row.completed_at is None for row in mine):
        return None
    version = definitions.version_of(offer.version_id)
    done = any(row.end_reason != NO_LONGER for row in mine)
    if (done and not version.body.repeat) or not judge.applies(version.body):
        return None
    return beginning.start(version, judge, rows)


def _follow(row: Row, judge: Judge) -> None:
    """Second pass over one open clock: stop, cancel, pause, resume, whose turn it is."""
    held = loading.hold(row)
    body = definitions.version_of(row.version_id).body
    now = judge.now
    stops = judge.ends(body.stop, held.calendar)
    subject = judge.subject
    row.change(title=subject.title, url=subject.url, team=body.team or subject.team)
    if stops is not None:
        tell(held, Happening(stops, "stop"))
    elif judge.cancels(body) or not judge.applies(body):
        tell(held, Happening(now, "cancel", reason=NO_LONGER))
    else:
        _pause_or_resume(held, judge.pauses(body), judge)
        tell(held, Happening(now, "owner", owner=subject.owner_id))
    telling.record(held)


def _pause_or_resume(held: Held, reason: str | None, judge: Judge) -> None:
    row = held.row
    if row.paused_by_hand:
        return  # only a person lets it run again
    if reason is not None:
        tell(held, Happening(judge.now, "pause", reason=reason))
    elif row.status == "paused":
        tell(held, Happening(judge.now, "resume"))
    else:
        settle(held, judge.now)


def _drop(rows: Sequence[Row]) -> None:
    for row in rows:
        held = loading.hold(row)
        tell(held, Happening(clock.now(), "cancel", reason=GONE))
        project(held)
        telling.record(held)
