"""Structured logs: one JSON object a line, with correlation id, never with a secret."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = ("password", "token", "secret", "cookie", "authorization")
LONGEST_VALUE = 2000
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def _mask(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Mask values whose names sound secret and cut long ones."""
    for name, value in entry.items():
        if any(word in name.lower() for word in SECRET_NAMES):
            entry[name] = "[redacted]"
        elif isinstance(value, str) and len(value) > LONGEST_VALUE:
            entry[name] = value[:LONGEST_VALUE] + "…"
    return entry


def configure_logging(level: str = "INFO", *, pretty: bool = False) -> None:
    """Set up logging of this process; ``pretty`` is for a person at a terminal."""
    # Either way without the local variables of a traceback: they hold passwords and tokens. The
    # renderer for people formats tracebacks itself and fails on those made for JSON.
    renderers: list[Any] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if pretty
        else [_TRACEBACKS, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask,
            *renderers,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
