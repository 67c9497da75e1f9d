"""The embedded servers: quick, private, alone on their data, and gone with their owner."""

import json
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.dev.processes import gone
from wfweb.dev import accounts
from wfweb.dev.environment import CHECKOUT
from wfweb.dev.processes import is_alive
from wfweb.dev.servers import EmbeddedServers, ServersError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

OWNER = """
import json, sys, time
from pathlib import Path
from wfweb.dev import processes
from wfweb.dev.servers import EmbeddedServers
if "sentinel" in sys.argv:
    processes.parent_death_signal_works = lambda: False
servers = EmbeddedServers(Path(sys.argv[1]), durable="durable" in sys.argv)
servers.start()
print(json.dumps(servers.pids), flush=True)
time.sleep(60)
"""


def connect(servers: EmbeddedServers) -> psycopg.Connection:
    return psycopg.connect(host=str(servers.socket_dir), user="wfweb", dbname="wfweb")


def valkey(servers: EmbeddedServers) -> redis.Redis:
    return redis.Redis.from_url(servers.redis_url)


@pytest.fixture
def owner(data: Path) -> Iterator:
    """Start processes that own servers; whatever a test leaves is killed."""
    started: list[subprocess.Popen] = []

    def start(*words: str, python: str = sys.executable, **options) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), *sys.path])}
        process = subprocess.Popen(
            [python, "-c", OWNER, str(data), *words],
            env=environment,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        finish(process)


def pids_of(process: subprocess.Popen) -> list[int]:
    line = process.stdout.readline()
    if not line:
        pytest.fail(process.communicate()[1])
    return list(json.loads(line).values())


def revived(servers: EmbeddedServers) -> list[str]:
    """What is started again once the kernel has told of the death, some milliseconds later."""
    deadline = time.monotonic() + 5
    while not (names := servers.revive()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return names


def finish(process: subprocess.Popen) -> None:
    if process.returncode is None:
        process.kill()
        process.communicate()


def test_data_survives_a_restart_and_sorts_the_same_everywhere(data):
    with EmbeddedServers(data, durable=True) as servers:
        with connect(servers) as connection:
            connection.execute("CREATE TABLE kept (word text)")
            connection.execute("INSERT INTO kept VALUES ('b'), ('a'), ('B'), ('ä')")
        valkey(servers).set("kept", "yes")
    started = time.monotonic()
    with EmbeddedServers(data, durable=True) as servers:
        assert time.monotonic() - started < 8
        with connect(servers) as connection:
            words = connection.execute("SELECT string_agg(word, '' ORDER BY word) FROM kept")
            assert words.fetchone() == ("Babä",)
        assert valkey(servers).get("kept") == b"yes"


def test_nothing_listens_on_a_network_port(data):
    with EmbeddedServers(data, durable=False) as servers:
        with connect(servers) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        client = valkey(servers)
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert servers.socket_dir.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("means", ["signal", "sentinel"])
def test_a_killed_owner_takes_its_servers_along(data, owner, means):
    process = owner(means, "durable")
    pids = pids_of(process)
    assert all(is_alive(pid) for pid in pids)
    finish(process)
    assert gone(pids)
    with EmbeddedServers(data, durable=True) as servers, connect(servers) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_owner_is_told_who_runs_already(data, owner):
    process = owner()
    pids_of(process)
    with pytest.raises(ServersError, match=f"already runs on .* \\(process {process.pid}\\)"):
        EmbeddedServers(data, durable=False).start()


def test_a_lock_file_that_names_a_stranger_does_not_stop_the_start(data):
    with EmbeddedServers(data, durable=False):
        pass
    lock = data / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{data / 'postgres'}\n")
    with EmbeddedServers(data, durable=False) as servers, connect(servers) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_server_that_dies_is_started_again_on_its_data(data, name):
    with EmbeddedServers(data, durable=True) as servers:
        valkey(servers).set("kept", "yes")
        with connect(servers) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        time.sleep(1.1)  # Valkey writes to disk once a second
        os.kill(servers.pids[name], signal.SIGKILL)
        assert revived(servers) == [name]
        assert servers.revive() == []
        assert valkey(servers).get("kept") == b"yes"
        with connect(servers) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_an_interrupted_first_start_is_started_over(data):
    with EmbeddedServers(data, durable=False):
        pass
    (data / "postgres" / "PG_VERSION").unlink()
    with EmbeddedServers(data, durable=False) as servers, connect(servers) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="switches accounts, which only root may")
def test_root_uses_an_account_that_may_do_little(data):
    with EmbeddedServers(data, durable=False) as servers:
        owners = {Path(f"/proc/{pid}").stat().st_uid for pid in servers.pids.values()}
    assert owners == {pwd.getpwnam("nobody").pw_uid}


@pytest.mark.skipif(os.geteuid() != 0, reason="switches accounts, which only root may")
def test_root_s_closed_home_is_not_opened_for_the_servers(data, monkeypatch, tmp_path):
    system = data / "system"
    system.mkdir()
    monkeypatch.setattr(accounts, "_SYSTEM_FOLDERS", (system,))
    home = data / "home"
    home.mkdir(mode=0o700)
    with EmbeddedServers(home / "var", durable=False) as servers, connect(servers) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert home.stat().st_mode & 0o777 == 0o700
    assert (home / "var" / "postgres").is_symlink()
    assert list(system.glob("scratch-*")) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="switches accounts, which only root may")
def test_data_beside_a_closed_home_is_kept_and_scratch_data_is_not(data, monkeypatch):
    system = data / "system"
    system.mkdir()
    monkeypatch.setattr(accounts, "_SYSTEM_FOLDERS", (system,))
    home = data / "home"
    home.mkdir(mode=0o700)
    with EmbeddedServers(home / "var", durable=True) as servers, connect(servers) as connection:
        connection.execute("CREATE TABLE kept (one int)")
    with EmbeddedServers(home / "var", durable=True) as servers, connect(servers) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    left = accounts.place_elsewhere(home / "left", scratch=True)
    (home / "left").unlink()
    used = accounts.place_elsewhere(home / "used", scratch=True)
    assert not left.exists()
    assert used.exists()
    assert (home / "var" / "postgres" / "PG_VERSION").exists()


def _python_for_everybody() -> str | None:
    name = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    nobody = accounts.Account("nobody", 65534, 65534)
    reachable = Path(name).exists() and accounts.can_use(nobody, Path(psycopg.__file__).parent)
    return name if reachable else None


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_can_run_them(data, owner):
    python = _python_for_everybody()
    if python is None:
        pytest.skip("no Python and packages that an ordinary user can reach")
    nobody = pwd.getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    process = owner(python=python, user="nobody", group=nobody.pw_gid, extra_groups=[])
    pids = pids_of(process)
    assert {Path(f"/proc/{pid}").stat().st_uid for pid in pids} == {nobody.pw_uid}
    finish(process)
    assert gone(pids)
