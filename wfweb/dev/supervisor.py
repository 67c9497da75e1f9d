"""``wfweb up``: one process that owns all others and ends with all of them.

Order: servers, migrations and demo data (first start only), web, and once it answers, the rest.
A child that dies is started again; Ctrl-C stops everything within ten seconds; a killed
supervisor takes its children along (see :mod:`wfweb.dev.processes`).
"""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from wfweb.dev import environment, preparation
from wfweb.dev.errors import ServersError
from wfweb.dev.launch import PR_SET_PDEATHSIG
from wfweb.dev.processes import Child, spawn
from wfweb.dev.servers import EmbeddedServers
from wfweb.dev.welcome import welcome

if TYPE_CHECKING:
    from types import FrameType

_TICK_SECONDS: Final = 0.1
# A busy machine first works off what follows from the demo; one that ended is noticed at once.
_READY_SECONDS: Final = 300.0
_STOP_SECONDS: Final = 5.0
_LONGEST_PAUSE_SECONDS: Final = 10.0
_STEADY_SECONDS: Final = 30.0
_LOG_LIMIT: Final = 5_000_000
_LOG_LINES: Final = 12


class StoppedError(Exception):
    """Somebody asked to stop while the start was still going on."""


@dataclass
class Program:
    """One child and what it takes to keep it running."""

    name: str
    arguments: tuple[str, ...]
    # The web server stops by itself when asked; jobs are safe to cut off and done again.
    death_signal: signal.Signals = signal.SIGKILL
    child: Child | None = None
    started: float = 0.0
    pause: float = 0.5
    next_start: float = field(default=0.0)


class Supervisor:
    """Runs an installation on its data folder until told to stop."""

    def __init__(self) -> None:
        """Read where the data lives; nothing starts yet."""
        self._data = environment.data_dir()
        self._console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
        self._servers: EmbeddedServers | None = None
        self._settings: dict[str, str] = {}
        self._programs: list[Program] = []
        self._stopping = False

    def run(self) -> int:
        """Start, keep running, stop; the exit code for the shell."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start()
            self._watch()
        except StoppedError:
            pass
        except ServersError as error:
            self._console.print(str(error), style="red", markup=False)
            return 2
        finally:
            self._stop()
        self._console.print("Stopped. The data stays; start again with the same command.")
        return 0

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        host, port = os.environ.get("WFWEB_HOST") or "127.0.0.1", self._port()
        check_free(host, port)
        if not environment.servers_given():
            self._servers = EmbeddedServers(self._data, durable=True)
            self._servers.start()
        self._settings = environment.development_settings(self._data, self._servers)
        mail = "WFWEB_SMTP_PORT" not in self._settings
        if mail:
            self._settings["WFWEB_SMTP_HOST"] = "127.0.0.1"
            self._settings["WFWEB_SMTP_PORT"] = str(free_port())
        os.environ.update(self._settings)
        # Seven processes load the same modules: compile them once, whatever the shell prefers.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        self._prepare()
        web, *others = self._plan(mail_catcher=mail)
        self._add(web)
        environment.announce(self._data, self._settings)
        self._await(web, host, port, "/livez")
        # Ready means, among other things, that no effect waits for long: only these see to that.
        for program in others:
            self._add(program)
        self._await(web, host, port, "/readyz")
        welcome(self._console, f"http://{_shown(host)}:{port}", self._data, mail=mail)

    def _port(self) -> int:
        value = os.environ.get("WFWEB_PORT") or "8000"
        if not value.isdecimal() or not 0 < int(value) < 65536:  # noqa: PLR2004 - of TCP
            raise ServersError(f"WFWEB_PORT is {value}; it has to be a number from 1 to 65535.")
        return int(value)

    def _plan(self, *, mail_catcher: bool) -> list[Program]:
        programs = [
            Program("web", ("-m", "wfweb", "web"), signal.SIGTERM),
            Program("worker-inside", ("-m", "wfweb", "worker", "inside")),
            Program("worker-outside", ("-m", "wfweb", "worker", "outside")),
            Program("relay", ("-m", "wfweb", "relay")),
            Program("timers", ("-m", "wfweb", "timers")),
        ]
        if mail_catcher:
            port, folder = self._settings["WFWEB_SMTP_PORT"], str(self._data / "mail")
            arguments = ("-m", "wfweb.dev.mailcatcher", port, folder)
            programs.append(Program("mail", arguments))
        return programs

    def _prepare(self) -> None:
        """Migrate and load demo data, unless the same version did so on this database before."""
        if preparation.is_prepared(self._data, self._settings):
            return
        if self._servers is not None and preparation.was_interrupted(self._data):
            self._servers.recreate_database()
        program = Program("prepare", ("-m", "wfweb", "prepare"))
        with self._console.status("Preparing the database and demo data"):
            self._launch(program)
            while program.child is not None and program.child.exit_code() is None:
                self._pause()
        if program.child is not None and program.child.exit_code() != 0:
            self._fail("prepare", "The database could not be prepared.")
        self._console.print("The database and the demo data are ready")

    def _add(self, program: Program) -> None:
        self._programs.append(program)
        self._launch(program)

    def _launch(self, program: Program) -> None:
        path = self._log_path(program.name)
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.unlink()
        with path.open("ab") as log:
            program.child = spawn(
                [sys.executable, *program.arguments],
                death_signal=program.death_signal,
                output=log,
                env=os.environ,
                cwd=environment.CHECKOUT,
            )
        program.started = time.monotonic()

    def _log_path(self, name: str) -> Path:
        folder = self._data / "log"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    def _pause(self) -> None:
        if self._stopping:
            raise StoppedError
        time.sleep(_TICK_SECONDS)

    def _await(self, web: Program, host: str, port: int, path: str) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not answers(host, port, path):
            ended = web.child is None or web.child.exit_code() is not None
            if ended or time.monotonic() > deadline:
                self._fail("web", "The web server did not become ready.")
            self._pause()

    def _fail(self, name: str, sentence: str) -> None:
        path = self._log_path(name)
        lines = path.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        raise ServersError("\n".join([f"{sentence} The end of {path}:", *lines]))

    def _watch(self) -> None:
        """Until told to stop: start again what has died, ever later if it keeps dying."""
        while not self._stopping:
            time.sleep(_TICK_SECONDS)
            for name in self._servers.revive() if self._servers is not None else []:
                self._console.print(f"{name} had ended and was started again")
            for program in self._programs:
                self._keep(program)

    def _keep(self, program: Program) -> None:
        now = time.monotonic()
        if program.child is not None and (code := program.child.exit_code()) is not None:
            if now - program.started > _STEADY_SECONDS:
                program.pause = 0.5
            reason = f"signal {-code}" if code < 0 else f"exit code {code}"
            self._console.print(f"{program.name} ended ({reason}); starting it again")
            program.child, program.next_start = None, now + program.pause
            program.pause = min(program.pause * 2, _LONGEST_PAUSE_SECONDS)
        if program.child is None and now >= program.next_start:
            self._launch(program)

    def _stop(self) -> None:
        environment.withdraw(self._data)
        children = [program.child for program in self._programs if program.child is not None]
        for child in children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for child in children:
            child.wait(max(0.0, deadline - time.monotonic()))
        if self._servers is not None:
            self._servers.stop()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - a comparison


def check_free(host: str, port: int) -> None:
    """Raise ServersError in one sentence when the port cannot be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise ServersError(f"Port {port} needs root; choose one above 1023.") from error
        except OSError as error:
            sentence = f"Port {port} is taken; choose another one: WFWEB_PORT={port + 1} make run"
            raise ServersError(sentence) from error


def free_port() -> int:
    """A local port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(host: str, port: int, path: str) -> bool:
    """Whether the address answers 200."""
    connection = http.client.HTTPConnection(_shown(host), port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    return False


def stop_with_parent() -> None:
    """Ask Linux for a SIGTERM when the program that started this one ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
