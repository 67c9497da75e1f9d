"""The ledger of a clock: stretches of time in which it ran or stood still, and how it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

Kind = Literal["run", "pause"]
What = Literal["start", "pause", "resume", "owner", "stop", "cancel"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a clock at an instant."""

    at: datetime
    what: What
    reason: str | None = None
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which a clock ran or was paused; an open one has no end yet."""

    kind: Kind
    start: datetime
    end: datetime | None = None
    reason: str | None = None
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All stretches of a clock in order, without gaps; ``ended`` says how it ended, if it did."""

    segments: tuple[Segment, ...] = field(default=())
    ended: Literal["stop", "cancel"] | None = None

    @property
    def open(self) -> Segment | None:
        """The stretch that goes on now."""
        last = self.segments[-1] if self.segments else None
        return last if last is not None and last.end is None else None


def whole(instant: datetime) -> datetime:
    """Take an instant down to its second: the unit of every figure of a clock.

    Due times fall on whole seconds, so what happens in the second before one is in time.
    """
    return instant.replace(microsecond=0)


def told(happenings: Iterable[Happening]) -> Ledger:
    """Fold what happened into a ledger.

    What happened in the same second keeps the order it is told in. Before the start and after
    the end nothing counts.
    """
    ledger = Ledger()
    for one in sorted(happenings, key=lambda happening: whole(happening.at)):
        ledger = after(ledger, one)
    return ledger


def after(ledger: Ledger, one: Happening) -> Ledger:
    """Return a ledger to which one more thing happened.

    What comes with an instant before the last one (a machine's clock was set back) counts as
    happening right after it: a ledger never runs backwards.
    """
    current = ledger.open
    if current is None:
        if one.what != "start" or ledger.ended:
            return ledger
        return replace(ledger, segments=(Segment("run", whole(one.at), owner=one.owner),))
    at = max(whole(one.at), current.start)
    following = _following(current, one, at)
    if following is None and one.what not in {"stop", "cancel"}:
        return ledger
    closed = replace(current, end=at)
    if following is not None:
        # A stretch without length says nothing: what begins paused has never run.
        kept = (closed,) if closed.end != closed.start else ()
        return replace(ledger, segments=(*ledger.segments[:-1], *kept, following))
    ended: Literal["stop", "cancel"] = "stop" if one.what == "stop" else "cancel"
    return Ledger((*ledger.segments[:-1], closed), ended)


def _following(current: Segment, one: Happening, at: datetime) -> Segment | None:
    """Return the stretch that begins now, or nothing when things go on as they were."""
    if one.what == "pause" and (current.kind, current.reason) != ("pause", one.reason):
        return Segment("pause", at, reason=one.reason, owner=current.owner)
    if one.what == "resume" and current.kind == "pause":
        return Segment("run", at, owner=current.owner)
    if one.what == "owner" and one.owner != current.owner:
        return replace(current, start=at, end=None, owner=one.owner)
    return None
