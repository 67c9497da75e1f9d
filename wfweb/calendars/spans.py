"""Stretches of time as pairs of whole seconds since 1970 UTC: uniting and cutting them. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from wfweb.calendars import zones
from wfweb.calendars.body import Body, Window

Span = tuple[int, int]


def instants(body: Body, midnight: int, windows: Sequence[Window]) -> Iterator[Span]:
    """The windows of a day (its midnight as a wall clock counts) as instants."""
    if not windows:
        return
    steady = zones.steady_offset(body.zone, midnight)
    for window in windows:
        opens, closes = midnight + window.opens, midnight + window.closes
        if steady is None:
            yield zones.first_instant(body.zone, opens), zones.first_instant(body.zone, closes)
        else:
            yield opens - steady, closes - steady


def united(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, with those that touch or overlap made one."""
    found: list[Span] = []
    for opens, closes in sorted(spans):
        if opens >= closes:
            continue
        if found and opens <= found[-1][1]:
            found[-1] = (found[-1][0], max(closes, found[-1][1]))
        else:
            found.append((opens, closes))
    return found


def without(spans: Iterable[Span], breaks: Sequence[Span]) -> Iterator[Span]:
    """The spans with the breaks cut out of them; both are in order and disjoint."""
    for opens, closes in spans:
        at = opens
        for out, back in breaks:
            if out >= closes:
                break
            if back > at:
                if out > at:
                    yield at, out
                at = back
        if at < closes:
            yield at, closes
