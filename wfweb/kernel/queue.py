"""Valkey: nudges and rate limits, nothing that must not be lost (ARCHITECTURE rule 4)."""

from functools import lru_cache

import redis
import structlog

from wfweb.kernel.settings import get_settings

log = structlog.get_logger()

NUDGE = "wfweb:nudge"
TIMEOUT_SECONDS = 0.25


@lru_cache(maxsize=4)
def connect(url: str, timeout_seconds: float | None = TIMEOUT_SECONDS) -> "redis.Redis":
    """Return a client; without a time limit it may block, as workers do."""
    return redis.Redis.from_url(
        url, socket_timeout=timeout_seconds, socket_connect_timeout=TIMEOUT_SECONDS
    )


def valkey() -> "redis.Redis":
    """Return the client of this process with the short time limit of web requests."""
    return connect(get_settings().redis_url)


def nudge() -> None:
    """Wake the relay; when Valkey does not answer, the relay's own sweep finds the rows."""
    try:
        with valkey().pipeline(transaction=False) as pipe:
            pipe.lpush(NUDGE, 1)
            pipe.ltrim(NUDGE, 0, 9)
            pipe.execute()
    except redis.RedisError as error:
        log.warning("nudge_failed", error=type(error).__name__)
