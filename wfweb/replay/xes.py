"""Reading XES (IEEE 1849), streamed: one trace in memory at a time, entities refused."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from wfweb.replay.cases import BrokenLog, Case, LogEvent, moment

_TYPES = frozenset({"string", "date", "int", "float", "boolean", "id"})
_NAME, _TIME = "concept:name", "time:timestamp"
_ROLE, _RESOURCE, _LIFECYCLE = "org:role", "org:resource", "lifecycle:transition"


def read_xes(stream: IO[bytes], zone: tzinfo) -> Iterator[Case]:
    """Yield the traces of an XES log as cases.

    :raises BrokenLog: when it is not XES, or holds entities or a document type.
    """
    number = 0
    try:
        parser = iterparse(stream, events=("start", "end"), forbid_dtd=True)
        root: Element | None = None
        for what, element in parser:
            if root is None:
                root = element
                if _local(element) != "log":
                    raise BrokenLog(f"begins with <{_local(element)}>, not with <log>")
            if what == "end" and _local(element) == "trace":
                number += 1
                yield _case(element, zone, number)
                root.clear()
    except ParseError as error:
        raise BrokenLog(f"is not XML: {error.msg}", error.position[0]) from None
    except DefusedXmlException as error:
        raise BrokenLog(f"holds what is not read: {type(error).__name__}") from None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attributes(element: Element) -> dict[str, Any]:
    return {
        str(child.get("key")): child.get("value")
        for child in element
        if _local(child) in _TYPES and child.get("key")
    }


def _case(trace: Element, zone: tzinfo, number: int) -> Case:
    attributes = _attributes(trace)
    case = Case(str(attributes.pop(_NAME, None) or f"trace {number}"), attributes)
    latest: datetime | None = None
    for child in trace:
        if _local(child) != "event":
            continue
        values = _attributes(child)
        activity = values.get(_NAME)
        if not activity:
            raise BrokenLog(f"an event of “{case.id[:60]}” has no {_NAME}")
        if _TIME not in values:
            raise BrokenLog(f"an event of “{case.id[:60]}” has no {_TIME}")
        at = moment(values[_TIME], zone, None)
        latest = at if latest is None or at > latest else latest
        case.events.append(
            LogEvent(
                latest,
                activity,
                role=values.get(_ROLE),
                resource=values.get(_RESOURCE),
                lifecycle=values.get(_LIFECYCLE),
            )
        )
    return case
