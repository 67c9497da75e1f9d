"""What surrounds an act: its correlation id and where it came from."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

import structlog

from wfweb.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """Where an act came from; empty for jobs and the command line."""

    ip: str | None = None
    user_agent: str | None = None
    session_id: UUID | None = None


_NOWHERE = RequestInfo()
_correlation: ContextVar[UUID | None] = ContextVar("wfweb_correlation", default=None)
_request: ContextVar[RequestInfo] = ContextVar("wfweb_request_info", default=_NOWHERE)


def correlation_id() -> UUID:
    """Return the id that joins everything one act causes; made at the first call."""
    value = _correlation.get()
    if value is None:
        value = new_id()
        _correlation.set(value)
    return value


def request_info() -> RequestInfo:
    """Return where the current act came from."""
    return _request.get()


@contextmanager
def bind(correlation: UUID | None = None, info: RequestInfo | None = None) -> Iterator[UUID]:
    """Begin an act: everything inside shares one correlation id, in rows and in logs."""
    value = correlation or new_id()
    first = _correlation.set(value)
    second = _request.set(info or _NOWHERE)
    with structlog.contextvars.bound_contextvars(correlation_id=str(value)):
        try:
            yield value
        finally:
            _request.reset(second)
            _correlation.reset(first)


def readable_id(text: str | None) -> UUID | None:
    """Return the id that a client gives its call; anything but a UUID counts as none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
