"""From bodies to calendars, compiled once for each content. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from wfweb.calendars.instants import micros
from wfweb.calendars.problems import CalendarProblem
from wfweb.calendars.reading import read_all
from wfweb.calendars.segments import Calendar, Version
from wfweb.kernel.errors import FieldError

MOST_VERSIONS = 500


class Dated(NamedTuple):
    """One version of a calendar: valid from a local day on, the first one (None) from ever."""

    effective_from: date | None
    body: Mapping[str, Any]
    number: int | None = None


def compile_calendar(body: Mapping[str, Any], *, on: date | None = None) -> Calendar:
    """The calendar of one body, kept for the next call.

    With ``on`` it must have working time within the year after that day. Raises CalendarProblem,
    whose ``errors`` name every wrong place by its JSON pointer.
    """
    calendar = _compiled(_canonical(body))
    if on is not None:
        _refuse_idle(calendar, on)
    return calendar


def compile_chain(versions: Sequence[Dated], *, on: date | None = None) -> Calendar:
    """The calendar of several versions, each valid for the days from its date to the next one's.

    A shift belongs to the version of the day it starts on. Days before the first version follow
    the first. Raises CalendarProblem; pointers begin with the number of the version.
    """
    _refuse_disorder(versions)
    canonical = json.dumps(
        [
            [
                v.effective_from.isoformat() if v.effective_from else None,
                v.number,
                _canonical(v.body),
            ]
            for v in versions
        ]
    )
    calendar = _compiled_chain(canonical)
    if on is not None:
        _refuse_idle(calendar, on)
    return calendar


def _canonical(body: Mapping[str, Any]) -> str:
    try:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as wrong:
        raise CalendarProblem([FieldError("", "A calendar is plain JSON", "type")]) from wrong


def _digest(canonical: str) -> str:
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=256)
def _compiled(canonical: str) -> Calendar:
    digest = _digest(canonical)
    (body,) = read_all([(digest, json.loads(canonical), "")])
    return Calendar([Version(None, body)], digest)


@lru_cache(maxsize=256)
def _compiled_chain(canonical: str) -> Calendar:
    entries = json.loads(canonical)
    bodies = read_all(
        [(_digest(text), json.loads(text), f"/{n}") for n, (_, _, text) in enumerate(entries)]
    )
    versions = [
        Version(date.fromisoformat(begins) if begins else None, body, number)
        for (begins, number, _), body in zip(entries, bodies, strict=True)
    ]
    return Calendar(versions, bodies[0].digest if len(bodies) == 1 else _digest(canonical))


def _refuse_disorder(versions: Sequence[Dated]) -> None:
    if not 1 <= len(versions) <= MOST_VERSIONS:
        message = f"A calendar has 1 to {MOST_VERSIONS} versions"
        raise CalendarProblem([FieldError("", message, "too_many")])
    previous: date | None = versions[0].effective_from
    for number, version in enumerate(versions[1:], start=1):
        begins = version.effective_from
        if begins is None or (previous is not None and begins <= previous):
            message = "Each version is valid from a later day than the one before it"
            raise CalendarProblem([FieldError(f"/{number}/effective_from", message, "order")])
        previous = begins


def _refuse_idle(calendar: Calendar, on: date) -> None:
    midnight = datetime(on.year, on.month, on.day, tzinfo=UTC)
    low, high = micros(midnight), micros(midnight + timedelta(days=366))
    if calendar.elapsed(low, high) == 0:
        message = f"There is no working time in the year after {on.isoformat()}"
        raise CalendarProblem([FieldError("/weekly", message, "empty")])
