"""Programs that decide over the API while the house burns: every answer is kept."""

import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.reliability.installation import House

REPEATED = {409, 429, 502, 503}  # in flight, too fast, not now: the same key again


@dataclass
class Decision:
    """One decision of one person, its key, and what the server said each time."""

    request: str
    digest: str
    who: str
    decision: str
    key: str
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    lost: int = 0

    @property
    def acknowledged(self) -> bool:
        return bool(self.answers) and self.answers[-1][0] == 201

    @property
    def refused(self) -> bool:
        return bool(self.answers) and not self.acknowledged


def decisions_for(seats: Sequence[dict[str, str]], chance: random.Random) -> list[Decision]:
    """One decision a seat; one in ten says no."""
    return [
        Decision(
            **seat,
            decision="reject" if chance.random() < 0.1 else "approve",
            key=f"key-{chance.getrandbits(64):x}",
        )
        for seat in seats
    ]


def send(house: House, token: str, one: Decision) -> bool:
    """Send a decision once; False when no answer came that settles it."""
    body = {"decision": one.decision, "digest": one.digest}
    if one.decision == "reject":
        body["comment"] = "Too expensive"
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": one.key,
    }
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=10)
    try:
        path = f"/api/v1/approvals/{one.request}/decisions"
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        one.lost += 1  # no answer, or half of one: the outcome is unknown
        return False
    finally:
        connection.close()
    if answer.status in REPEATED and content.get("code") != "already_decided":
        one.lost += 1
        return False
    one.answers.append((answer.status, content))
    return True


class Crowd:
    """Threads that work off decisions; an unanswered one is repeated, or left for later."""

    def __init__(
        self,
        house: House,
        tokens: dict[str, str],
        todo: Sequence[Decision],
        *,
        seed: int,
        pause: float,
    ) -> None:
        self._house = house
        self._tokens = tokens
        self._todo = list(todo)
        self._pause = pause
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(f"{seed}/{number}"),))
            for number in range(8)
        ]
        self.left: list[Decision] = []

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        assert not self.busy, "clients are stuck"

    def _work(self, chance: random.Random) -> None:
        while True:
            with self._lock:
                if not self._todo:
                    return
                one = self._todo.pop()
            time.sleep(chance.uniform(0, 2 * self._pause))
            while not send(self._house, self._tokens[one.who], one):
                if chance.random() < 0.3:  # this client gives up and asks again much later
                    with self._lock:
                        self.left.append(one)
                    break
                time.sleep(chance.uniform(0.05, 0.4))
