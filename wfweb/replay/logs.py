"""Reading event logs: JSON lines (one case a line) and XES, plain or gzipped."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any

import orjson

from wfweb.replay.cases import BrokenLog, Case, LogEvent, moment
from wfweb.replay.xes import read_xes


def read_log(
    path: Path, zone: tzinfo = UTC, progress: Callable[[int], None] | None = None
) -> Iterator[Case]:
    """Yield the cases of a log, ``.jsonl`` or ``.xes``, also with ``.gz``.

    :param zone: the time zone of instants that name none.
    :param progress: told the number of cases read since the last call.
    :raises BrokenLog: naming the line where known.
    """
    name = path.name.removesuffix(".gz")
    seen: set[str] = set()
    with _opened(path) as stream:
        if name.endswith(".xes"):
            cases = read_xes(stream, zone)
        elif name.endswith((".jsonl", ".ndjson")):
            cases = _read_lines(stream, zone)
        else:
            raise BrokenLog(f"{path.name} is neither .jsonl nor .xes (with or without .gz)")
        for case in cases:
            if case.id in seen:
                raise BrokenLog(f"the case “{case.id[:60]}” is there twice")
            seen.add(case.id)
            if progress is not None:
                progress(1)
            yield case


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            yield stream  # type: ignore[misc]
    except FileNotFoundError:
        raise BrokenLog(f"there is no file {path}") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise BrokenLog(f"{path.name} is not a whole gzip file ({error})") from None
    except OSError as error:
        raise BrokenLog(f"{path} cannot be read: {error.strerror or error}") from None


def _read_lines(stream: IO[bytes], zone: tzinfo) -> Iterator[Case]:
    for number, text in enumerate(stream, start=1):
        if not text.strip():
            continue
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise BrokenLog(f"is not JSON: {error}", number) from None
        yield _case(data, zone, number)


def _case(data: Any, zone: tzinfo, line: int) -> Case:
    if not isinstance(data, dict) or "case" not in data:
        raise BrokenLog("is not an object with a “case”", line)
    events = data.get("events")
    if not isinstance(events, list):
        raise BrokenLog("has no list of “events”", line)
    case = Case(str(data["case"]), data.get("attrs") or {})
    latest: datetime | None = None
    for raw in events:
        if not isinstance(raw, dict) or not isinstance(raw.get("activity"), str):
            raise BrokenLog("an event has no “activity”", line)
        at = moment(raw.get("t"), zone, line)
        # A clock that went back in the source must not reorder what happened in a case.
        latest = at if latest is None or at > latest else latest
        case.events.append(
            LogEvent(
                latest,
                raw["activity"],
                role=raw.get("role"),
                resource=_text(raw.get("resource")),
                lifecycle=raw.get("lifecycle"),
                sub=raw.get("sub"),
                comment=_text(raw.get("comment")),
            )
        )
    return case


def _text(value: object) -> str | None:
    return None if value is None else str(value)
