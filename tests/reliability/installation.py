"""A real installation under test: started by its supervisor, wounded from outside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.dev.test_supervisor import Installation
from wfweb.dev.environment import CHECKOUT, running_settings

WORKERS = {
    "web": "-m gunicorn",
    "worker-inside": "-m wfweb worker inside",
    "worker-outside": "-m wfweb worker outside",
    "relay": "-m wfweb relay",
    "timers": "-m wfweb timers",
    "valkey": "valkey-server",
    "postgres": "postgres -D",
}


class House(Installation):
    """An installation with ways to look into it and to hurt it."""

    def settings_of(self) -> dict[str, str]:
        found = running_settings(self.data)
        assert found is not None, "the installation does not run"
        return found

    def pids_of(self, name: str) -> list[int]:
        """Processes of a part, parents first."""
        return sorted(self.pids(WORKERS[name]))

    def kill(self, name: str, *, number: signal.Signals = signal.SIGKILL, which: int = 0) -> None:
        """Send a signal to a process of a part (0: the oldest); nobody there is fine."""
        pids = self.pids_of(name)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[min(which, len(pids) - 1)], number)

    def connect(self) -> psycopg.Connection[dict[str, Any]]:
        """As the owner and superuser, who sees the rows of all companies."""
        url = self.settings_of()["WFWEB_DATABASE_URL"].replace("+psycopg", "")
        return psycopg.connect(url, autocommit=True, row_factory=dict_row)

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with self.connect() as connection:
            return connection.execute(statement, values).fetchall()

    def value(self, statement: str, *values: Any) -> Any:
        """The only column of the only row."""
        (row,) = self.rows(statement, *values)
        (found,) = row.values()
        return found

    def run(self, statement: str, *values: Any) -> int:
        """Rows that a statement changed."""
        with self.connect() as connection:
            return connection.execute(statement, values).rowcount

    def seed(self, *words: str) -> Any:
        """Make people and requests by the verbs, in a process of its own.

        Every test has a company of its own with the same cast; addresses are free again then.
        """
        self.run("update users set email = id || '@earlier.example'")
        clean = {name: value for name, value in os.environ.items() if name[:6] != "WFWEB_"}
        argv = [sys.executable, "-m", "tests.reliability.seed", *words]
        done = subprocess.run(
            argv,
            cwd=CHECKOUT,
            env=clean | self.settings_of(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def extra(self, *words: str) -> subprocess.Popen[bytes]:
        """One more process of the installation, which the supervisor knows nothing of."""
        clean = {name: value for name, value in os.environ.items() if name[:6] != "WFWEB_"}
        settings = self.settings_of() | {"WFWEB_DATA_DIR": str(self.data)}
        log = (self.data / "log" / "extra.log").open("ab")
        argv = [sys.executable, "-m", "wfweb", *words]
        with log:
            return subprocess.Popen(
                argv, cwd=CHECKOUT, env=clean | settings, stdout=log, stderr=log
            )


def eventually(found: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer; fails with the last one when the time is up."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = found()
        except psycopg.OperationalError as error:
            answer, last = None, repr(error)
        else:
            last = repr(answer)
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what}: still {last} after {seconds} s"
        time.sleep(0.1)


def tail_of_logs(data: Path, names: Sequence[str] = tuple(WORKERS), lines: int = 6) -> str:
    """The ends of the logs, for a failing test."""
    found = []
    for name in names:
        path = data / "log" / f"{name}.log"
        if path.exists():
            end = path.read_text(errors="replace").splitlines()[-lines:]
            found.append("\n".join([f"--- {name}", *end]))
    return "\n".join(found)
