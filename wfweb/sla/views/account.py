"""What the page of one clock shows: standing, receipt, story, whose turn it was."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from wfweb.calendars import daytable, zones
from wfweb.calendars import queries as calendars
from wfweb.calendars.receipts import ReceiptMismatchError
from wfweb.identity import queries as identity
from wfweb.kernel import clock as time
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.errors import NotFound
from wfweb.kernel.formats import local
from wfweb.sla import board, loading, pinning, receipts, rules, wording
from wfweb.sla.body import DefinitionBody
from wfweb.sla.cards import NAMES, SUBJECTS, Hours, calendar_of, card
from wfweb.sla.clocks import Held
from wfweb.sla.countdown import exact_words, span_words, wall_words
from wfweb.sla.definitions import find, version_of
from wfweb.sla.ledger import Ledger, whole
from wfweb.sla.models import SlaClock, SlaCrossing
from wfweb.sla.views.board import PAUSE, team_names


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the stored receipt alone gives the due time again."""

    same: bool
    due: datetime | None
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a clock's story."""

    at: datetime
    what: str
    icon: str
    noticed_at: datetime | None = None
    overtaken: bool = False


def of(found: SlaClock) -> dict[str, Any]:
    """Return everything the page of a clock shows."""
    row = loading.rows(loading.clocks().where(SlaClock.id == found.id))[0]
    held = loading.hold(row)
    ledger = loading.ledgers([row])[row.id]
    now = whole(time.now())
    version = version_of(found.version_id)
    source = pinning.source_of(found.calendar_version_id, found.time_zone)
    hours = Hours(now, calendar_of)
    shown: Any = board.one_card(found.id)
    assert shown is not None  # noqa: S101 - it was just read
    drawn = card(shown, hours, team_names([shown]))
    return {
        "clock": found,
        "c": drawn,
        "reading": rules.read(held.terms, ledger, held.calendar, found.completed_at or now),
        "definition": shown[1],
        "body": version.body,
        "number": version.number,
        "live": find(found.definition_code).current_version,
        "new_hours": _new_hours(found, version.body),
        "source": source,
        "said": wording.sentences(version.body, source.name),
        "receipt": found.receipt,
        "days": daytable.table(found.receipt) if found.receipt else [],
        "check": check(found),
        "story": _story(found, ledger),
        "turns": _turns(held, ledger, found.completed_at or now),
        "words": span_words,
        "exact": exact_words,
        "due_there": _there(found.receipt),
        "in_days": _in_days(version.body),
        "wall": wall_words,
        "level_name": NAMES[found.level],
        "subject": SUBJECTS.get(found.subject_type, found.subject_type),
        "may_pause": found.completed_at is None and current_actor().may(PAUSE),
        "at": int(now.timestamp()),
        "hours": hours.spans(),
    }


def _new_hours(found: SlaClock, body: DefinitionBody) -> str:
    """Return the version of the calendar that a clock which is counted anew would get.

    Empty when it has that one already.
    """
    try:
        current = calendars.current(body.calendar)
    except NotFound:
        return ""
    if found.completed_at is not None or current.version_id == found.calendar_version_id:
        return ""
    number = f", version {current.number}" if current.number else ""
    return f"“{current.name}”{number}"


def _in_days(body: DefinitionBody) -> str:
    """Return a target that is given in days as the rule says it; the page counts hours."""
    if body.unit != "days":
        return ""
    return "1 working day" if body.target == "1" else f"{body.target} working days"


def _there(receipt: dict[str, Any] | None) -> str:
    """Return the due time as people at the calendar's place read it; empty where we are."""
    if receipt is None or receipt["due"] is None:
        return ""
    due = datetime.fromisoformat(receipt["due"])
    there = due.astimezone(zones.zone(receipt["zone"]))
    return f"{there:%a %H:%M %Z}" if there.utcoffset() != local(due).utcoffset() else ""


def check(found: SlaClock) -> Check | None:
    """Add the stored receipt up again; None without one."""
    if found.receipt is None:
        return None
    try:
        due = receipts.recompute(found.receipt)
    except ReceiptMismatchError as error:
        return Check(same=False, due=None, wrong=str(error))
    return Check(same=due == found.due_at or found.due_at is None, due=due)


def _story(found: SlaClock, ledger: Ledger) -> list[Moment]:
    told = [Moment(found.started_at, "The time began to count", "player-play")]
    before = None
    for one in ledger.segments:
        if one.kind == "pause":
            if before is None or before.kind != "pause" or before.reason != one.reason:
                why = f": {one.reason}" if one.reason else ""
                told.append(Moment(one.start, f"Paused{why}", "player-pause"))
        elif before is not None and before.kind == "pause":
            told.append(Moment(one.start, "Went on", "player-play"))
        before = one
    told += [
        Moment(
            one.at,
            "Breached: the whole time was used"
            if one.level == "BREACHED"
            else f"Turned {NAMES[one.level].lower()}",
            "alert-triangle" if one.level in {"RED", "BREACHED"} else "clock",
            one.noticed_at,
            one.overtaken,
        )
        for one in _crossings(found)
    ]
    if found.completed_at is not None:
        late = found.breached_at is not None
        given_up = "Cancelled after it had breached" if late else "Cancelled"
        words = {"met": "Done in time", "cancelled": given_up}
        why = f": {found.end_reason}" if found.end_reason else ""
        what = words.get(found.status, "Done, too late") + why
        told.append(Moment(found.completed_at, what, "circle-check"))
    return sorted(told, key=lambda moment: moment.at)


def _crossings(found: SlaClock) -> list[SlaCrossing]:
    query = select(SlaCrossing).where(
        SlaCrossing.clock_id == found.id, SlaCrossing.round == found.round
    )
    return list(session().scalars(query.order_by(SlaCrossing.at)))


def _turns(held: Held, ledger: Ledger, until: datetime) -> list[dict[str, Any]]:
    turns = rules.by_owner(ledger, held.calendar, until)
    people = identity.people_by_ids(_ids(turns))
    return [
        {
            "name": people[turn.owner].name if turn.owner in people else "",
            "business": span_words(turn.business_seconds),
            "wall": wall_words(turn.wall_seconds),
            "seconds": turn.business_seconds,
        }
        for turn in turns
    ]


def _ids(turns: list[rules.Turn]) -> list[UUID]:
    return [turn.owner for turn in turns if turn.owner is not None]
