"""Rate limits: a sliding window in Valkey, and a smaller one in the process without it."""

import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass

import redis
import structlog

from wfweb.kernel.errors import RateLimited
from wfweb.kernel.queue import valkey

log = structlog.get_logger()

_lock = threading.Lock()
_local: dict[str, deque[float]] = defaultdict(deque)
LOCAL_KEYS = 10_000


def check(key: str, *, limit: int, window_seconds: int, message: str = "") -> None:
    """Count one try under ``key``.

    :raises RateLimited: when more than ``limit`` tries fell into the window.
    """
    count, wait = _count(key, window_seconds)
    if count > limit:
        raise RateLimited(
            message or f"Too many tries. Wait {wait} seconds.", retry_after=max(1, wait)
        )


def _count(key: str, window_seconds: int) -> tuple[int, int]:
    now = time.time()
    name = f"wfweb:limit:{key}"
    try:
        with valkey().pipeline() as pipe:
            pipe.zremrangebyscore(name, 0, now - window_seconds)
            pipe.zadd(name, {f"{now:.6f}": now})
            pipe.zcard(name)
            pipe.zrange(name, 0, 0, withscores=True)
            pipe.expire(name, window_seconds)
            _removed, _added, count, oldest, _expire = pipe.execute()
        first = float(oldest[0][1]) if oldest else now
    except redis.RedisError as error:
        log.warning("rate_limit_without_valkey", error=type(error).__name__)
        count, first = _count_here(name, now, window_seconds)
    return int(count), int(first + window_seconds - now) + 1


def _count_here(name: str, now: float, window_seconds: int) -> tuple[int, float]:
    """Count in this process: with several processes the limit is as many times larger."""
    with _lock:
        if len(_local) > LOCAL_KEYS:
            _local.clear()
        tries = _local[name]
        while tries and tries[0] < now - window_seconds:
            tries.popleft()
        tries.append(now)
        return len(tries), tries[0]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a limit: ``remaining`` of ``limit`` calls, fresh in so many seconds."""

    limit: int
    remaining: int
    reset_seconds: int
    window_seconds: int

    def refuse_if_spent(self) -> None:
        """Refuse the call that was one too many.

        :raises RateLimited: saying how long to wait.
        """
        if self.remaining < 0:
            message = f"Too many calls. Wait {self.reset_seconds} seconds."
            raise RateLimited(message, retry_after=self.reset_seconds)


def take(key: str, *, limit: int, window_seconds: int) -> Allowance:
    """Count one call in a fixed window; cheap however high the limit is.

    ``remaining`` is negative when the limit is spent; without Valkey nobody is refused, since
    calls are authenticated and this limit protects only against haste.
    """
    now = int(time.time())
    window, left = now // window_seconds, window_seconds - now % window_seconds
    name = f"wfweb:calls:{key}:{window}"
    try:
        with valkey().pipeline(transaction=False) as pipe:
            pipe.incr(name)
            pipe.expire(name, window_seconds * 2)
            count = int(pipe.execute()[0])
    except redis.RedisError as error:
        log.warning("rate_limit_without_valkey", error=type(error).__name__)
        count = 1
    return Allowance(limit, limit - count, left, window_seconds)
