"""``make run`` as a whole: starts, heals, stops, starts again, and leaves nothing when killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dev.processes import eventually_none_naming, naming
from wfweb.dev.environment import CHECKOUT, running_settings
from wfweb.dev.supervisor import free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc"),
]
READY = "Ctrl-C stops everything"


class Installation:
    """``wfweb up`` on one data folder and port."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self.port = free_port()
        self.settings = settings
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    def start(self, seconds: float = 90) -> float:
        """Start and wait until it says that everything answers; answers the seconds it took."""
        clean = {name: value for name, value in os.environ.items() if name[:6] != "WFWEB_"}
        own = {"WFWEB_DATA_DIR": str(self.data), "WFWEB_PORT": str(self.port)}
        started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wfweb", "up"],
            cwd=CHECKOUT,
            env={**clean, **own, **self.settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if READY in line:
                break
            assert time.monotonic() - started < seconds, self.said
        else:
            pytest.fail(self.said)
        return time.monotonic() - started

    def get(self, path: str, token: str = "") -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, headers=headers), timeout=10
            ) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self, number: signal.Signals) -> float:
        """Send a signal; the seconds until it has ended."""
        started = time.monotonic()
        self.process.send_signal(number)
        self.said += self.process.communicate(timeout=20)[0]
        return time.monotonic() - started

    def pids(self, command: str) -> list[int]:
        """Processes of this installation whose command line matches."""
        lines = naming(self.data)
        return [int(line.split()[0]) for line in lines if re.search(command, line)]


@pytest.fixture
def installation(data: Path) -> Iterator[Installation]:
    made = Installation(data)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.stop(signal.SIGKILL)


def command(data: Path, *words: str) -> tuple[int, str]:
    """Exit code and words of another ``wfweb`` on the same data."""
    settings = {"WFWEB_DATA_DIR": str(data), "WFWEB_PORT": str(free_port())}
    argv = [sys.executable, "-m", "wfweb", *words]
    clean = {name: value for name, value in os.environ.items() if name[:6] != "WFWEB_"}
    answer = subprocess.run(
        argv, cwd=CHECKOUT, env=clean | settings, capture_output=True, text=True, check=False
    )
    return answer.returncode, answer.stdout


def replaced(installation: Installation, command: str, before: list[int]) -> bool:
    """Whether other processes with this command line came within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        now = installation.pids(command)
        if now and not set(now) & set(before):
            return True
        time.sleep(0.1)
    return False


def test_the_whole_life_of_an_installation(installation, data):
    first = installation.start()
    assert f"http://127.0.0.1:{installation.port}" in installation.said
    assert "ada@kestrel.example" in installation.said
    assert installation.get("/readyz")[0] == 200
    status, page = installation.get("/sign-in")
    assert status == 200
    assert 'type="password"' in page
    assert installation.get("/dev/mail/")[0] == 200
    assert running_settings(data)["WFWEB_PORT"] == str(installation.port)

    code, made = command(data, "token", "create", "--user", "mia@kestrel.example", "--json")
    assert code == 0
    status, me = installation.get("/api/v1/me", json.loads(made)["token"])
    assert (status, json.loads(me)["email"]) == (200, "mia@kestrel.example")

    assert command(data, "up") == (
        2,
        f"wfweb already runs on {data} (process {installation.process.pid}).\n",
    )
    assert running_settings(data)["WFWEB_PORT"] == str(installation.port)

    for name, words in (
        ("valkey", "valkey-server"),
        ("timers", "wfweb timers"),
        ("relay", "wfweb relay"),
    ):
        victims = installation.pids(words)
        assert len(victims) == 1, name
        os.kill(victims[0], signal.SIGKILL)
        assert replaced(installation, words, victims), name
    assert installation.get("/readyz")[0] == 200

    assert installation.stop(signal.SIGINT) < 10
    assert installation.process.returncode == 0
    assert eventually_none_naming(data) == []
    assert running_settings(data) is None

    again = installation.start()
    assert again < max(8.0, first), "a second start does less than the first"
    assert "demo data are ready" not in installation.said
    assert installation.get("/readyz")[0] == 200
    installation.stop(signal.SIGKILL)
    assert eventually_none_naming(data) == []


def test_given_servers_are_used_and_nothing_embedded_starts(data, servers, template):
    database = f"wfweb_given_{os.getpid()}"
    given = {
        "WFWEB_DATABASE_URL": servers.create(database, template),
        "WFWEB_REDIS_URL": servers.redis_url,
        "WFWEB_DEMO": "false",
    }
    installation = Installation(data, **given)
    try:
        installation.start()
        assert installation.get("/readyz")[0] == 200
        assert installation.pids("postgres|valkey-server") == []
        assert not (data / "postgres").exists()
        assert not (data / "valkey").exists()
        assert installation.stop(signal.SIGTERM) < 10
        assert eventually_none_naming(data) == []
    finally:
        if installation.process is not None and installation.process.poll() is None:
            installation.stop(signal.SIGKILL)
        servers.drop(database)
