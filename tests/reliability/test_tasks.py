"""Kill -9 of web and workers while pairs of people close tasks: each is closed once, by one."""

import http.client
import json
import threading
import time

import pytest

from tests.reliability import checker
from tests.reliability.installation import House, eventually

pytestmark = [pytest.mark.slow, pytest.mark.committed, pytest.mark.timeout(180)]
TASKS, PATIENCE = 30, 60
SETTLED = {200, 403, 409}
CLOSED = (
    "select t.status, t.version, (select count(*) from audit_events a where a.target_id = t.id"
    " and a.name = 'task.closed') as told from tasks t where t.company_id = %s"
)
NOTICES = (
    "select count(*) as all, count(distinct (user_id, subject_id)) as different"
    " from notifications where company_id = %s and kind = 'task_waiting'"
)


class Caller(threading.Thread):
    """Reports every task done, each with a key of its own, until an answer settles it."""

    def __init__(self, house: House, token: str, tasks: list[str]) -> None:
        super().__init__()
        self._house, self._token, self._tasks = house, token, tasks
        self.answers: dict[str, int] = {}
        self.lost = 0

    def run(self) -> None:
        deadline = time.monotonic() + PATIENCE
        for task in self._tasks:
            while task not in self.answers and time.monotonic() < deadline:
                try:
                    status, code = self._send(task)
                except (OSError, http.client.HTTPException, ValueError):
                    status, code = 0, ""
                if status in SETTLED and code != "request_in_flight":
                    self.answers[task] = status
                else:
                    self.lost += 1
                    time.sleep(0.2)

    def _send(self, task: str) -> tuple[int, str]:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"close-{task}",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._house.port, timeout=10)
        try:
            body = json.dumps({"status": "done", "outcome": "They deliver on Monday"})
            connection.request("POST", f"/api/v1/tasks/{task}/close", body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()).get("code", "")
        finally:
            connection.close()


def test_tasks_survive_the_death_of_web_and_workers(house: House) -> None:
    world = house.seed("tasks", str(TASKS))
    callers = [Caller(house, token, world["tasks"]) for token in world["tokens"]]
    for one in callers:
        one.start()
    for answered, part in enumerate(("web", "worker-inside", "web", "worker-inside"), start=1):
        some = answered * TASKS // 6
        eventually(lambda n=some: len(callers[0].answers) >= n, PATIENCE, f"{some} answers")
        house.kill(part, which=1 if part == "web" else 0)
    for one in callers:
        one.join(PATIENCE * 2)
    house.run("update outbox_messages set lease_until = now() where state = 'claimed'")
    checker.outbox_drains(house, world["company"], 60)
    for task in world["tasks"]:
        assert sorted(one.answers[task] for one in callers) == [200, 409]
    assert house.rows(CLOSED, world["company"]) == [
        {"status": "done", "version": 2, "told": 1} for _ in range(TASKS)
    ]
    (notices,) = house.rows(NOTICES, world["company"])
    assert notices["all"] == notices["different"]
