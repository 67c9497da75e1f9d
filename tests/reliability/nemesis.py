"""Whoever wounds the installation: a schedule drawn from a seed, and done by process id."""

import contextlib
import random
import threading
import time
from collections import Counter

import redis

from tests.reliability.installation import House

MASTER, FIRST_CHILD, SECOND_CHILD = 0, 1, 2
# The supervisor waits ever longer before it starts what keeps dying; two deaths are enough.
ROUNDS = 2


class Nemesis:
    """Kills parts of a house at random moments until told to stop."""

    def __init__(self, house: House, seed: int, pause: tuple[float, float]) -> None:
        self._house = house
        self._chance = random.Random(seed)
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._rage)
        self.done: Counter[str] = Counter()
        self.acts = {
            "web worker 1": lambda: house.kill("web", which=FIRST_CHILD),
            "web worker 2": lambda: house.kill("web", which=SECOND_CHILD),
            "web": lambda: house.kill("web", which=MASTER),
            "worker-inside": lambda: house.kill("worker-inside"),
            "worker-outside": lambda: house.kill("worker-outside"),
            "relay": lambda: house.kill("relay"),
            "timers": lambda: house.kill("timers"),
            "valkey": lambda: house.kill("valkey"),
            "flush": self._flush,
        }

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(20)

    def _flush(self) -> None:
        with contextlib.suppress(redis.RedisError):
            redis.Redis.from_url(self._house.settings_of()["WFWEB_REDIS_URL"]).flushall()

    def _rage(self) -> None:
        # Each kind once before any comes again, in an order that chance decides.
        order = [
            name
            for _ in range(ROUNDS)
            for name in self._chance.sample(sorted(self.acts), len(self.acts))
        ]
        while order and not self._stop.wait(self._chance.uniform(*self._pause)):
            name = order.pop()
            self.acts[name]()
            self.done[name] += 1


def seed_of_today(given: str | None) -> int:
    """The seed to use: the one given, else the time; printed with every failure."""
    return int(given) if given else int(time.time())
