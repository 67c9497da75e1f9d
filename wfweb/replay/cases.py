"""What a log holds: cases, their events, and instants as logs write them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

# Orders of day, month and year that logs are written in, besides ISO 8601.
_OTHER_FORMS = ("%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d/%m/%Y %H:%M", "%Y/%m/%d %H:%M:%S")


class BrokenLog(Exception):  # noqa: N818 - read as a sentence
    """A log that cannot be read; ``line`` counts from 1."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


class BrokenExpectation(Exception):  # noqa: N818 - read as a sentence
    """A file given beside a log (expected results, a matrix, a clock) that cannot be read."""


@dataclass(slots=True)
class LogEvent:
    """One event as the log tells it; ``at`` never goes back within its case."""

    at: datetime
    activity: str
    role: str | None = None
    resource: str | None = None
    lifecycle: str | None = None
    sub: str | None = None
    comment: str | None = None


@dataclass(slots=True)
class Case:
    """One case with its attributes and its events in the order of the log."""

    id: str
    attributes: Mapping[str, Any]
    events: list[LogEvent] = field(default_factory=list)


def moment(text: object, zone: tzinfo, line: int | None) -> datetime:
    """Return the instant a log names; one without an offset is in ``zone``.

    :raises BrokenLog: when it is no instant.
    """
    if not isinstance(text, str):
        raise BrokenLog("an event has no time “t”", line)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _other(text, line)
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _other(text: str, line: int | None) -> datetime:
    for form in _OTHER_FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
        except ValueError:
            continue
    raise BrokenLog(f"“{text[:40]}” is no date and time", line)
