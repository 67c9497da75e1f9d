"""What a card of the board says: words and numbers of one clock at one instant."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from wfweb.calendars import rules as business
from wfweb.kernel.formats import short_moment
from wfweb.sla.countdown import (
    LONG,
    MINUTE,
    countdown_words,
    hours_open,
    hours_words,
    standing,
    wall_words,
)
from wfweb.sla.models import SlaClock
from wfweb.sla.pinning import pinned

NAMES: Final[Mapping[str, str]] = {
    "GREEN": "Green",
    "YELLOW": "Yellow",
    "ORANGE": "Orange",
    "RED": "Red",
    "BREACHED": "Breached",
}
RANGES: Final[Mapping[str, str]] = {
    "GREEN": "up to 60 %",
    "YELLOW": "60 to 80 %",
    "ORANGE": "80 to 95 %",
    "RED": "95 to 100 %",
    "BREACHED": "from 100 %",
}
SUBJECTS: Final[Mapping[str, str]] = {
    "record": "Record",
    "request": "Request",
    "level": "Approval level",
    "task": "Task",
}
AHEAD = timedelta(hours=24)
CalendarKey = tuple[UUID | None, str | None]
CalendarOf = Callable[[SlaClock], business.Calendar]


@dataclass(frozen=True, slots=True)
class Card:
    """A clock as the board shows it; ``big`` counts on in the browser when ``live``."""

    id: UUID
    kind: str
    key: str
    title: str
    url: str
    definition: str
    level: str
    paused: bool
    percent: int
    left: int
    big: str
    live: bool
    note: str
    stands: str
    calendar: int
    due_at: datetime | None
    owner: str
    team: str

    @property
    def tone(self) -> str:
        """The class of its level."""
        return self.level.lower()

    @property
    def left_words(self) -> str:
        """What is left in working time, however much it is."""
        return countdown_words(self.left)

    @property
    def level_name(self) -> str:
        """Its level in words."""
        return NAMES[self.level]

    @property
    def name(self) -> str:
        """What buttons call it: the key of its record, else its title."""
        return self.key or self.title


@dataclass(slots=True)
class Hours:
    """The calendars of the cards shown: each once, in the order the browser knows them by."""

    now: datetime
    of: CalendarOf
    _known: dict[CalendarKey, int] = field(default_factory=dict)
    _calendars: list[business.Calendar] = field(default_factory=list)
    _stands: dict[int, str] = field(default_factory=dict)

    def index(self, clock: SlaClock) -> int:
        """Return the number of a clock's calendar on this page."""
        key = (clock.calendar_version_id, clock.time_zone)
        if key not in self._known:
            self._known[key] = len(self._calendars)
            self._calendars.append(self.of(clock))
        return self._known[key]

    def calendar(self, index: int) -> business.Calendar:
        """Return a calendar by its number."""
        return self._calendars[index]

    def stands_until(self, index: int) -> str:
        """Return when time goes on, in words; empty while it runs."""
        if index not in self._stands:
            self._stands[index] = _stands(self._calendars[index], self.now)
        return self._stands[index]

    def spans(self) -> str:
        """Return when each calendar is open in the next day, for the page's script."""
        until = self.now + AHEAD
        return ";".join(
            hours_open([(one.start, one.end) for one in business.segments(each, self.now, until)])
            for each in self._calendars
        )


def _stands(calendar: business.Calendar, now: datetime) -> str:
    """Return when a calendar opens again; one whose working time has run out never does."""
    if business.is_open(calendar, now):
        return ""
    try:
        return f"Stands still until {short_moment(business.next_open(calendar, now))}"
    except business.TooFar:
        return "Stands still: its calendar has no working time to come"


def calendar_of(clock: SlaClock) -> business.Calendar:
    """Return the calendar a clock counts in, as it was when the clock took it."""
    return pinned(clock.calendar_version_id, clock.time_zone)


def left_of(clock: SlaClock, calendar: business.Calendar, now: datetime) -> int:
    """Return the business seconds a clock has left, negative when it is over.

    A running one is counted to or from its due time; one that stands still or has ended keeps
    what it had.
    """
    if clock.paused_at is not None or clock.completed_at is not None:
        return clock.target_seconds - clock.elapsed_seconds
    if clock.due_at is None:  # the calendar never gets there
        since = min(clock.segment_started_at, now)
        spent = clock.elapsed_seconds + business.between(calendar, since, now)
        return clock.target_seconds - spent
    if now < clock.due_at:  # one that begins later still has all its time
        return business.between(calendar, max(now, clock.segment_started_at), clock.due_at)
    return -business.between(calendar, clock.due_at, now)


def card(row: Sequence[Any], hours: Hours, teams: Mapping[str, str]) -> Card:
    """Return the card of a row of ``board``: clock, definition's name, owner, key.

    :param teams: the names of roles by code.
    """
    clock, definition, owner, key = row
    index = hours.index(clock)
    paused = clock.paused_at is not None
    left = left_of(clock, hours.calendar(index), hours.now)
    now = standing(clock.target_seconds, clock.target_seconds - left, paused=paused)
    live = not paused and clock.due_at is not None and left <= LONG
    return Card(
        id=clock.id,
        kind=SUBJECTS.get(clock.subject_type, clock.subject_type),
        key=key or "",
        title=bare_title(clock.title, key or ""),
        url=clock.url or f"/sla/{clock.id}",
        definition=definition,
        level=clock.level,
        paused=paused,
        percent=now.percent,
        left=left,
        big=_big(clock, left, hours.now, live=live),
        live=live,
        note=_note(clock, left, now.percent, live=live),
        stands="" if paused else hours.stands_until(index),
        calendar=index,
        due_at=clock.due_at,
        owner=owner or "",
        team=teams.get(clock.team or "", clock.team or ""),
    )


def bare_title(title: str, key: str) -> str:
    """Return a title without the key that stands beside it, also behind that of a request."""
    return (title.replace(f"{key} ", "", 1) if key else title).strip() or title


def _big(clock: SlaClock, left: int, now: datetime, *, live: bool) -> str:
    if clock.paused_at is not None:
        since = (now - clock.paused_at).total_seconds()
        return f"Paused {wall_words(since)}" if since >= MINUTE else "Paused just now"
    if clock.due_at is None:
        return "No working time to come"
    return countdown_words(left) if live else short_moment(clock.due_at)


def _note(clock: SlaClock, left: int, percent: int, *, live: bool) -> str:
    if clock.paused_at is not None:
        why = f", {clock.pause_reason}" if clock.pause_reason else ""
        return f"Paused at {percent} %{why}"
    if left < 0:
        return f"Was due {short_moment(clock.due_at)}"
    return f"Due {short_moment(clock.due_at)}" if live else f"{hours_words(left)} of work time left"


def cards(rows: Iterable[Sequence[Any]], hours: Hours, teams: Mapping[str, str]) -> list[Card]:
    """Return the cards of rows, in their order."""
    return [card(row, hours, teams) for row in rows]
