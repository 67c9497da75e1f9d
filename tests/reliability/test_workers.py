"""Workers that are paused past their lease, and messages that kill whoever takes them."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tests.reliability import checker
from tests.reliability.clients import Decision, send
from tests.reliability.installation import House, eventually
from tests.reliability.sink import Sink

pytestmark = [pytest.mark.slow, pytest.mark.committed, pytest.mark.timeout(120)]
HELD = "select state, attempts, unfinished_claims from outbox_messages where id = %s"
OUTCOME_MAIL = (
    "select o.id, d.id as delivery from outbox_messages o join deliveries d on d.outbox_id = o.id"
    " where o.company_id = %s and d.address = %s and d.kind = 'approval_approved'"
)


@pytest.fixture
def quiet(sink: Sink) -> Iterator[Sink]:
    """The mail server, as friendly as before when the test is over."""
    yield sink
    sink.on_mail = lambda _recipient: None


def approve(house: House, world: dict[str, object], place: int) -> None:
    seat = world["seats"][place]
    one = Decision(**seat, decision="approve", key=f"{world['company']}/{place}")
    assert send(house, world["tokens"][one.who], one)
    assert one.acknowledged, one.answers


def lease_runs_out(house: House, message_id: str) -> None:
    """As if thirty seconds went by; the relay's sweep takes the message back."""
    house.run("update outbox_messages set lease_until = now() where id = %s", message_id)


def test_a_worker_paused_past_its_lease_changes_nothing_when_it_wakes(
    house: House, quiet: Sink
) -> None:
    talking, go_on = threading.Event(), threading.Event()

    def hold_the_first(recipient: str) -> None:
        if recipient.startswith("rui@") and not talking.is_set():
            talking.set()
            go_on.wait(30)

    world = house.seed("decisions", "4", "0")
    checker.outbox_drains(house, world["company"], 30)
    quiet.on_mail = hold_the_first
    approve(house, world, 0)
    approve(house, world, 1)
    assert talking.wait(20)
    (zombie,) = house.pids_of("worker-outside")
    (mail,) = house.rows(OUTCOME_MAIL, world["company"], "rui@kestrel.example")
    os.kill(zombie, signal.SIGSTOP)
    fresh = house.extra("worker", "outside")
    try:
        lease_runs_out(house, mail["id"])
        done = "select count(*) from outbox_messages where id = %s and state = 'done'"
        eventually(lambda: house.value(done, mail["id"]) == 1, 30, "done by the second worker")
        (before,) = house.rows("select * from outbox_messages where id = %s", mail["id"])
        go_on.set()
        os.kill(zombie, signal.SIGCONT)
        log = house.data / "log" / "worker-outside.log"
        eventually(lambda: "delivery_fenced" in log.read_text(), 20, "the zombie was fenced")
        assert house.rows("select * from outbox_messages where id = %s", mail["id"]) == [before]
        assert before["attempts"] == 2
    finally:
        go_on.set()
        os.kill(zombie, signal.SIGCONT)
        fresh.terminate()
        fresh.wait(20)
    checker.mail_once(house, quiet, world["company"], 1)


def test_a_message_that_kills_three_workers_is_set_aside_and_the_others_flow(
    house: House, quiet: Sink
) -> None:
    world = house.seed("decisions", "4", "0")
    checker.outbox_drains(house, world["company"], 30)
    victims: list[int] = []

    def poison(recipient: str) -> str | None:
        if not recipient.startswith("rui@"):
            return None
        for pid in house.pids_of("worker-outside"):
            victims.append(pid)
            os.kill(pid, signal.SIGKILL)
        return "451 Nobody is there any more"

    quiet.on_mail = poison
    approve(house, world, 0)
    approve(house, world, 1)
    (mail,) = eventually(
        lambda: house.rows(OUTCOME_MAIL, world["company"], "rui@kestrel.example"), 20, "the mail"
    )
    for deaths in (1, 2, 3):
        eventually(lambda n=deaths: len(victims) >= n, 30, f"death {deaths}")
        lease_runs_out(house, mail["id"])
    aside = "select count(*) from outbox_messages where id = %s and state = 'quarantined'"
    eventually(lambda: house.value(aside, mail["id"]) == 1, 20, "quarantined")
    quiet.on_mail = lambda _recipient: None
    approve(house, world, 2)
    approve(house, world, 3)
    sent = (
        "select count(*) from deliveries where company_id = %s and kind = 'approval_approved'"
        " and state = 'sent'"
    )
    eventually(lambda: house.value(sent, world["company"]) == 1, 30, "the other mail")
    assert len(victims) == 3
    assert house.rows(HELD, mail["id"])[0]["unfinished_claims"] == 3
