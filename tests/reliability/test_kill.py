"""Kill -9 of everything in the middle of 200 decisions: nothing is lost, nothing is doubled.

``WFWEB_CHAOS_SEED`` repeats a run; the seed is printed with every failure.
"""

import os
import random
import time

import pytest

from tests.reliability import checker
from tests.reliability.clients import Crowd, decisions_for, send
from tests.reliability.installation import House
from tests.reliability.nemesis import Nemesis, seed_of_today
from tests.reliability.sink import Sink

pytestmark = [pytest.mark.slow, pytest.mark.committed, pytest.mark.timeout(180)]


def fall_due_soon(house: House, requests: list[str]) -> None:
    """Let the deadlines of these requests come during the next seconds."""
    # The levels first: a moment from before that of its level is one that was put off meanwhile.
    house.run(
        "update approval_levels set due_at = now() where request_id = any(%s::uuid[])", requests
    )
    house.run(
        "update timers set due_at = now() + random() * interval '12 seconds' where subject_id in"
        " (select id from approval_levels where request_id = any(%s::uuid[]))",
        requests,
    )


def leases_run_out(house: House) -> None:
    """What happens thirty seconds after a worker took something and died, or was paused."""
    house.run("update outbox_messages set lease_until = now() where state = 'claimed'")


def test_two_hundred_decisions_survive_the_death_of_every_process(house: House, sink: Sink) -> None:
    seed = seed_of_today(os.environ.get("WFWEB_CHAOS_SEED"))
    print(f"seed {seed}")  # noqa: T201 - shown with a failure
    world = house.seed("decisions", "100", "10")
    chance = random.Random(seed)
    decided = decisions_for(world["seats"], chance)
    chance.shuffle(decided)
    fall_due_soon(house, world["overdue"])
    crowd = Crowd(house, world["tokens"], decided, seed=seed, pause=0.3)
    nemesis = Nemesis(house, seed, (0.2, 0.7))
    crowd.start()
    nemesis.start()
    while crowd.busy:
        time.sleep(0.1)
    nemesis.stop()
    crowd.join(1)
    leases_run_out(house)
    given_up = list(crowd.left)

    again = Crowd(house, world["tokens"], given_up, seed=seed, pause=0)
    again.start()
    again.join(30)
    for one in again.left:
        assert send(house, world["tokens"][one.who], one), one
    for one in decided[:40]:  # the same key again changes nothing, whatever became of it
        before = one.answers[-1]
        assert send(house, world["tokens"][one.who], one)
        if one.acknowledged:
            assert one.answers[-1] == before

    print(f"wounds {dict(nemesis.done)}, answers lost {sum(one.lost for one in decided)}")  # noqa: T201
    statuses = {answer[0] for one in decided for answer in one.answers}
    assert statuses <= {201, 403, 409}, statuses
    checker.outbox_drains(house, world["company"], 60)
    checker.decisions_once(house, world["company"], decided)
    checker.requests_end_as_decided(house, decided)
    checker.mail_once(house, sink, world["company"], nemesis.done.total())
    checker.told_of_outcome(house, world["company"])
    checker.timers_once(house, world["company"], world["overdue"])
