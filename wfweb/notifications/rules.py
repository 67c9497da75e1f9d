"""What a person wants to be told, and when a message may leave: pure arithmetic.

A quiet window belongs to the day on which it starts; one that ends no later than it starts
runs into the next day. All instants are aware UTC; the person's zone and its clock changes
decide what a time of the day means.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from wfweb.calendars import rules as business
from wfweb.calendars.body import WEEKDAYS

Mode = Literal["at_once", "digest", "off"]
MODES: Final = ("at_once", "digest", "off")
CHANNELS: Final = ("in_app", "email")
GROUPS: Final[Mapping[str, str]] = {
    "approvals": "Decisions asked of you",
    "requests": "How your requests go on",
    "tasks": "Tasks",
    "deadlines": "Deadlines",
    "alerts": "Alerts",
    "locks": "Locks",
    "mentions": "Mentions",
    "workflows": "Messages of workflows",
}
NEVER_OFF: Final = frozenset({("approvals", "in_app")})
_MIDNIGHT, _END_OF_DAY, _DAY = 0, 1440, 1440


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours without mails: from ``start`` to ``end`` (HH:MM) on the days they start on."""

    start: str
    end: str
    days: tuple[str, ...] = WEEKDAYS


@dataclass(frozen=True, slots=True)
class Digest:
    """When collected messages come: every full hour, or daily at ``at`` (HH:MM)."""

    every: Literal["hour", "day"] = "day"
    at: str = "08:00"


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that a person chose; what is not in ``channels`` comes at once."""

    channels: Mapping[str, Mapping[str, Mode]] = field(default_factory=dict)
    quiet: Quiet | None = None
    digest: Digest = field(default_factory=Digest)

    def mode(self, group: str, channel: str) -> Mode:
        """Return how a group of messages comes by a channel."""
        return self.channels.get(group, {}).get(channel, "at_once")


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a message waits (``quiet`` or ``digest``; empty when it does not) and until when."""

    why: Literal["", "quiet", "digest"] = ""
    until: datetime | None = None


def minutes_of(text: str) -> int:
    """Return the minutes since midnight of a time such as 07:30."""
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


def quiet_ends(quiet: Quiet | None, zone: str, moment: datetime) -> datetime:
    """Return the moment itself outside quiet hours, else the instant at which they end."""
    if quiet is None or not quiet.days:
        return moment
    return business.next_open(_open_hours(quiet, zone), moment)


def next_digest(digest: Digest, zone: str, moment: datetime) -> datetime:
    """Return the first digest moment after this one.

    A time that the change to summer time skips comes at the end of the gap; one that the
    change back shows twice comes the first time.
    """
    local = moment.astimezone(ZoneInfo(zone))
    if digest.every == "hour":
        passed = timedelta(minutes=local.minute, seconds=local.second)
        return moment + timedelta(hours=1) - passed - timedelta(microseconds=local.microsecond)
    always = business.compile_calendar({"tz": zone, "weekly": _whole_week()})
    found = (
        business.instant(always, datetime.combine(day, time.fromisoformat(digest.at)))
        for day in (local.date() + timedelta(days=n) for n in range(3))
    )
    return next(at for at in found if at > moment)


def hold(wishes: Wishes, mode: Mode, zone: str, moment: datetime) -> Hold:
    """Return how long a mail waits; a digest whose moment is quiet comes when that ends."""
    if mode == "digest":
        due = next_digest(wishes.digest, zone, moment)
        return Hold("digest", quiet_ends(wishes.quiet, zone, due))
    until = quiet_ends(wishes.quiet, zone, moment)
    return Hold("quiet", until) if until > moment else Hold()


def problems(wishes: Wishes) -> Iterator[tuple[str, str]]:
    """Name what cannot be, as pointer and sentence."""
    for group, channel in sorted(NEVER_OFF):
        if wishes.mode(group, channel) == "off":
            message = "Decisions asked of you always show inside wfweb: choose at once or digest"
            yield f"/channels/{group}/{channel}", message
    quiet = wishes.quiet
    if quiet is None:
        return
    if not quiet.days:
        yield "/quiet/days", "Choose at least one day, or switch quiet hours off"
    elif quiet.start == quiet.end and set(quiet.days) == set(WEEKDAYS):
        yield "/quiet/end", "Leave some time in which mails may come"


def _open_hours(quiet: Quiet, zone: str) -> business.Calendar:
    """Return the calendar whose working time is everything but the quiet windows."""
    start, end = minutes_of(quiet.start), minutes_of(quiet.end)
    closed: dict[str, list[tuple[int, int]]] = {day: [] for day in WEEKDAYS}
    for day in quiet.days:
        if start < end:
            closed[day].append((start, end))
            continue
        following = WEEKDAYS[(WEEKDAYS.index(day) + 1) % len(WEEKDAYS)]
        closed[day].append((start, _END_OF_DAY))
        closed[following].append((_MIDNIGHT, end))
    weekly = {day: _rest(sorted(spans)) for day, spans in closed.items()}
    return business.compile_calendar({"tz": zone, "weekly": weekly})


def _rest(closed: Sequence[tuple[int, int]]) -> list[list[str]]:
    rest, at = [], _MIDNIGHT
    for start, end in [*closed, (_DAY, _DAY)]:
        if start > at:
            rest.append([_text(at), _text(start)])
        at = max(at, end)
    return rest


def _text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _whole_week() -> dict[str, list[list[str]]]:
    return {day: [["00:00", "24:00"]] for day in WEEKDAYS}
