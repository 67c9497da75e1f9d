"""PostgreSQL dies and comes back, Valkey is away: what was acknowledged is stored."""

import http.cookiejar
import random
import re
import signal
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.reliability import checker
from tests.reliability.clients import Crowd, decisions_for, send
from tests.reliability.installation import House, eventually
from tests.reliability.sink import Sink

pytestmark = [pytest.mark.slow, pytest.mark.committed, pytest.mark.timeout(180)]


@pytest.mark.parametrize("signal_name", ["SIGKILL", "SIGINT"])
def test_acknowledged_decisions_outlive_the_database_server(
    house: House, sink: Sink, signal_name: str
) -> None:
    world = house.seed("decisions", "24", "0")
    decided = decisions_for(world["seats"], random.Random(signal_name))
    crowd = Crowd(house, world["tokens"], decided, seed=1, pause=0.25)
    crowd.start()
    time.sleep(0.6)
    house.kill("postgres", number=signal.Signals[signal_name])
    down = time.monotonic()
    crowd.join(60)
    eventually(lambda: house.get("/readyz")[0] == 200, 20, "ready again")
    print(f"ready again after {time.monotonic() - down:.1f} s")  # noqa: T201
    for one in crowd.left:
        assert send(house, world["tokens"][one.who], one), one
    assert sum(one.lost for one in decided) > 0, "nobody noticed"
    checker.outbox_drains(house, world["company"], 60)
    checker.decisions_once(house, world["company"], decided)
    checker.requests_end_as_decided(house, decided)
    checker.mail_once(house, sink, world["company"], 2)


def without_valkey(house: House) -> None:
    """Stop it where it stands: connections hang, as behind a broken network."""
    house.kill("valkey", number=signal.SIGSTOP)


def with_valkey(house: House) -> None:
    house.kill("valkey", number=signal.SIGCONT)


def test_decisions_are_taken_while_valkey_does_not_answer(house: House, sink: Sink) -> None:
    world = house.seed("decisions", "8", "0")
    decided = decisions_for(world["seats"], random.Random(7))
    without_valkey(house)
    try:
        slowest = 0.0
        for one in decided:
            started = time.monotonic()
            assert send(house, world["tokens"][one.who], one), one
            slowest = max(slowest, time.monotonic() - started)
        assert slowest < 3, "each wait for Valkey ends after a quarter of a second"
        assert house.get("/livez")[0] == 200
        status, said = house.get("/readyz")
        assert (status, '"queue"' in said) == (503, True)
        assert house.get("/sign-in")[0] == 200
        assert guesses(house, 12)[-1] == 429, "the limit of sign-ins needs no Valkey"
    finally:
        with_valkey(house)
    eventually(lambda: house.get("/readyz")[0] == 200, 20, "ready again")
    checker.outbox_drains(house, world["company"], 60)
    checker.decisions_once(house, world["company"], decided)
    checker.requests_end_as_decided(house, decided)
    checker.mail_once(house, sink, world["company"], 1)


def guesses(house: House, count: int) -> list[int]:
    """Sign in with wrong passwords, as a program that read the form would; the statuses."""
    return [guess(house, f"wrong-{number}-password") for number in range(count)]


def guess(house: House, password: str) -> int:
    jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    browser = urllib.request.build_opener(jar)
    address = f"http://127.0.0.1:{house.port}/sign-in"
    page = browser.open(address, timeout=10).read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    fields = {
        "csrf_token": found[1],
        "email": "nobody@kestrel.example",
        "password": password,
    }
    wish = urllib.request.Request(
        address, urllib.parse.urlencode(fields).encode(), {"Referer": address}
    )
    try:
        return int(browser.open(wish, timeout=10).status)
    except urllib.error.HTTPError as error:
        return error.code
