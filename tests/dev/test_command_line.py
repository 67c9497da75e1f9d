"""Commands: exit codes 0, 1 and 2, one sentence for people, JSON for programs."""

import json
import os
import subprocess
import sys

import pytest

from wfweb.dev.environment import CHECKOUT, announce
from wfweb.dev.supervisor import free_port


@pytest.fixture
def command(data):
    """Run ``wfweb`` on an empty data folder, as nobody's terminal would."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WFWEB_")}

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "wfweb", *words],
            cwd=CHECKOUT,
            env={**clean, "WFWEB_DATA_DIR": str(data), **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_help_names_every_noun_and_wrong_ones_are_usage_errors(command):
    answer = command("--help")
    assert answer.returncode == 0
    for noun in ("up", "web", "worker", "relay", "timers", "migrate", "doctor"):
        assert f"\n  {noun} " in answer.stdout
    assert "prepare" not in answer.stdout
    assert command("fly").returncode == 2


@pytest.mark.parametrize("noun", ["doctor", "web", "relay"])
def test_without_an_installation_the_sentence_says_what_to_do(command, noun):
    answer = command(noun)
    assert answer.returncode == 2
    assert "start it with make run, or set WFWEB_DATABASE_URL" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_settings_file_of_a_process_that_is_gone_is_not_believed(command, data):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    announce(data, {"WFWEB_DATABASE_URL": "postgresql+psycopg://x@/x"})
    found = json.loads((data / "run.json").read_text())
    (data / "run.json").write_text(json.dumps({**found, "pid": ended.pid}))
    assert command("doctor").returncode == 2


def test_one_server_address_of_two_is_refused(command):
    answer = command("doctor", WFWEB_DATABASE_URL="postgresql+psycopg://x@/x")
    assert answer.returncode == 2
    assert "Set both WFWEB_DATABASE_URL and WFWEB_REDIS_URL" in answer.stderr


def test_a_database_that_does_not_answer_is_a_sentence(command):
    answer = command(
        "migrate",
        WFWEB_DATABASE_URL="postgresql+psycopg://x@127.0.0.1:1/x",
        WFWEB_REDIS_URL="redis://127.0.0.1:1/0",
        WFWEB_SECRET_KEY="x" * 40,
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("The database does not answer: ")


def test_migrate_starts_the_servers_of_the_folder_and_answers_in_json(command):
    before = command("migrate", "--check", "--json")
    assert before.returncode == 1, before.stderr
    assert json.loads(before.stdout)["before"] == ""
    done = command("migrate", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["after"] == answer["needed"]
    assert command("migrate", "--check").returncode == 0


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(command, port):
    answer = command("up", WFWEB_PORT=port)
    assert answer.returncode == 2
    assert "WFWEB_PORT" in answer.stdout


def test_a_taken_port_is_one_sentence(command, monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = command("up", WFWEB_PORT=str(port))
    assert answer.returncode == 2
    expected = f"Port {port} is taken; choose another one: WFWEB_PORT={port + 1} make run\n"
    assert answer.stdout == expected
    assert free_port() != port


LONG_WORK = """
from wfweb.cli.outcome import answer, progress
with progress("Replaying", 3) as step:
    step(3)
answer({"cases": 3}, as_json=True)
"""


@pytest.mark.parametrize("terminal", [True, False])
def test_long_work_shows_its_progress_on_a_terminal_and_nowhere_else(terminal):
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb") as screen:
        done = subprocess.run(
            [sys.executable, "-c", LONG_WORK],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=theirs if terminal else subprocess.PIPE,
            timeout=60,
            check=True,
        )
        os.write(theirs, b"|end")
        shown = screen.read1(10_000).decode()
        os.close(theirs)
    assert done.stdout == b'{"cases": 3}\n'
    assert ("Replaying" in shown, "3/3" in shown) == (terminal, terminal)
    assert not done.stderr
