"""Kill -9 of the worker while another system is being told: told again, under the same id."""

import os
import signal
import threading
from collections import Counter

import pytest

from tests.reliability import checker
from tests.reliability.installation import House, eventually
from tests.webhooks.receiver import receiving

pytestmark = [pytest.mark.slow, pytest.mark.committed, pytest.mark.timeout(120)]
CALLS = "select state, attempts from webhook_calls where company_id = %s order by id"
MESSAGES = 12


def test_a_worker_killed_while_it_tells_another_system_loses_nothing(house: House) -> None:
    """Killed with the message sent and the answer not yet there: the worst moment."""
    victims: list[int] = []
    lock = threading.Lock()

    def kill_at_the_third_and_the_seventh() -> None:
        with lock:
            if len(receiver.got) in {3, 7}:
                (worker,) = house.pids_of("worker-outside")
                victims.append(worker)
                os.kill(worker, signal.SIGKILL)

    with receiving(200, before=kill_at_the_third_and_the_seventh) as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        world = house.seed("webhooks", str(MESSAGES), port)
        for deaths in (1, 2):
            eventually(lambda n=deaths: len(victims) == n, 30, f"death {deaths}")
            house.run("update outbox_messages set lease_until = now() where state = 'claimed'")
        checker.outbox_drains(house, world["company"], 60)
    calls = house.rows(CALLS, world["company"])
    assert [one["state"] for one in calls] == ["delivered"] * (MESSAGES + 1)
    posts = Counter(receiver.ids)
    assert set(posts) == set(world["ids"])
    assert sum(posts.values()) == MESSAGES + 1 + len(victims)
    assert sorted(posts.values())[-len(victims) :] == [2] * len(victims)
    assert max(one["attempts"] for one in calls) == 2


def test_a_receiver_that_hangs_up_nobody_else(house: House) -> None:
    """While one waits out its fifteen seconds, the other endpoint is told by the second worker."""
    stuck = threading.Event()

    def hold_the_first() -> None:
        if not stuck.is_set():
            stuck.set()
            released.wait(30)

    released = threading.Event()
    fresh = house.extra("worker", "outside")
    try:
        with receiving(200, before=hold_the_first) as receiver:
            port = receiver.url.split(":")[2].split("/")[0]
            world = house.seed("webhooks", "6", port)
            assert stuck.wait(20)
            taken = (
                "select count(*) from webhook_calls c join webhook_endpoints e"
                " on e.id = c.endpoint_id where c.company_id = %s and c.state = 'delivered'"
                " and e.code = 'second'"
            )
            eventually(lambda: house.value(taken, world["company"]) == 1, 10, "the other endpoint")
            released.set()
            checker.outbox_drains(house, world["company"], 60)
    finally:
        released.set()
        fresh.terminate()
        fresh.wait(20)
    assert set(receiver.ids) == set(world["ids"])
