"""What people do to one clock: pause, resume, cancel, and move to another version."""

from uuid import UUID

from wfweb.events import emit
from wfweb.identity import policy
from wfweb.kernel import clock
from wfweb.kernel.errors import Conflict, ValidationFailed
from wfweb.sla import checking, definitions, loading, pinning, rules, subjects, telling
from wfweb.sla.clocks import Held, Row, elapsed_at, replay, settle, tell
from wfweb.sla.errors import ClockEnded, ClockHeld
from wfweb.sla.events import ClockMoved
from wfweb.sla.judging import Judge
from wfweb.sla.ledger import Happening, What

PAUSE = "sla.pause"
EDIT = "sla.edit"
LONGEST_REASON = 500
_COMPARED = ("version_id", "target_seconds", "due_at", "level", "breached_at", "elapsed_seconds")


def pause(clock_id: UUID, reason: str, *, version: int | None = None) -> Row:
    """Let a clock stand still until somebody resumes it.

    :param version: the clock's version the person saw.
    :raises ClockEnded: when it has ended.
    :raises Conflict: when it changed since, or somebody paused it already.
    :raises ValidationFailed: without a reason.
    :raises Forbidden: without ``sla.pause``.
    """
    policy.require(PAUSE)
    words = _words(reason)
    held = _open(clock_id, version)
    if held.row.paused_by_hand:
        raise Conflict("Somebody paused this deadline already.", current_version=held.row.version)
    tell(held, Happening(clock.now(), "pause", reason=words))
    held.row.change(paused_by_hand=True)
    telling.record(held)
    return held.row


def resume(clock_id: UUID, *, version: int | None = None) -> Row:
    """Let a clock run on that somebody paused.

    When a condition of its definition pauses it as well, it stays paused for that reason alone
    and runs again by itself when the condition ends.

    :raises ClockHeld: while nothing but a condition of its definition pauses it.
    :raises ClockEnded: when it has ended.
    :raises Conflict: when it changed since, or runs already.
    :raises Forbidden: without ``sla.pause``.
    """
    policy.require(PAUSE)
    held = _open(clock_id, version)
    if held.row.status != "paused":
        raise Conflict("This deadline runs already.", current_version=held.row.version)
    reason = _held_by(held.row)
    if reason is not None and not held.row.paused_by_hand:
        message = f"Its definition pauses it: {reason}. It goes on when that is over."
        raise ClockHeld(message, current_version=held.row.version)
    held.row.change(paused_by_hand=False)
    what: What = "resume" if reason is None else "pause"
    tell(held, Happening(clock.now(), what, reason=reason))
    telling.record(held)
    return held.row


def cancel(clock_id: UUID, reason: str, *, version: int | None = None) -> Row:
    """End a clock without an outcome; the same definition starts none for the subject again.

    :raises ClockEnded: when it has ended.
    :raises Conflict: when it changed since.
    :raises ValidationFailed: without a reason.
    :raises Forbidden: without ``sla.edit``.
    """
    policy.require(EDIT)
    words = _words(reason)
    held = _open(clock_id, version)
    tell(held, Happening(clock.now(), "cancel", reason=words))
    telling.record(held)
    return held.row


def move(clock_id: UUID, number: int, *, version: int | None = None) -> Row:
    """Move an open clock to another version of its definition: the ledger is counted anew.

    Every start, pause and turn stays when it was; target, levels and working hours are the
    other version's. The audit holds due time and level before and after. A level that was
    reached and told before the move is not told again.

    :raises NotFound: when the definition has no such version.
    :raises ClockEnded: when the clock has ended.
    :raises Conflict: when it changed since.
    :raises Forbidden: without ``sla.edit``.
    """
    policy.require(EDIT)
    held = _open(clock_id, version)
    settle(held, clock.now())
    telling.record(held)
    row = held.row
    before = {name: getattr(row, name) for name in _COMPARED}
    before["elapsed_seconds"] = elapsed_at(held, clock.now())
    moved = _moved(row, number)
    after = {name: getattr(row, name) for name in _COMPARED}
    after["elapsed_seconds"] = elapsed_at(moved, clock.now())
    silent = rules.LEVELS.index(row.level) <= rules.LEVELS.index(str(before["level"]))
    telling.rewritten(moved, silent=silent)
    emit(
        ClockMoved(
            **telling.about(row),
            before=telling.plain(before),
            after=telling.plain(after),
            details={"to_version": number},
            risk="MEDIUM",
        )
    )
    row.save()
    return row


def _moved(row: Row, number: int) -> Held:
    definition = definitions.find(row.definition_code)
    version = definitions.version_numbered(definition, number)
    ledger = loading.ledgers([row])[row.id]
    subject = subjects.find(row.subject_type, row.subject_id)
    calendar = pinning.pinned(row.calendar_version_id, row.time_zone)
    if subject is not None:
        hours = pinning.hours_for(version.body, subject)
        row.change(calendar_version_id=hours.version_id, time_zone=hours.zone)
        calendar = hours.calendar
    terms = checking.terms_of(version.body, calendar)
    row.change(version_id=version.id, target_seconds=terms.target, round=row.round + 1)
    return replay(Held(row, terms, calendar), ledger, clock.now())


def _open(clock_id: UUID, version: int | None) -> Held:
    row = loading.locked(clock_id)
    if row.completed_at is not None:
        raise ClockEnded("This deadline has ended.", current_version=row.version)
    if version is not None and version != row.version:
        raise Conflict(current_version=row.version, your_version=version)
    return loading.hold(row)


def _held_by(row: Row) -> str | None:
    subject = subjects.find(row.subject_type, row.subject_id)
    body = definitions.version_of(row.version_id).body
    return Judge(subject, clock.now()).pauses(body) if subject is not None else None


def _words(reason: str) -> str:
    words = reason.strip()
    if not words or len(words) > LONGEST_REASON:
        message = f"Write why, in at most {LONGEST_REASON} characters"
        raise ValidationFailed.at("/reason", message, "required")
    return words
