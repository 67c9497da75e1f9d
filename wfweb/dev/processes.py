"""Child processes that end with their parent, whatever ends the parent."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wfweb.dev.accounts import Account

_HERE: Final = Path(__file__).resolve().parent
_POLL_SECONDS: Final = 0.02


def parent_death_signal_works() -> bool:
    """Whether the kernel stops the children of this thread when it ends.

    Linux ties the signal to the starting *thread*, so any thread but the main one could end
    while the process lives on; there the sentinel is used instead.
    """
    return sys.platform == "linux" and threading.current_thread() is threading.main_thread()


class Child:
    """One running program; made by :func:`spawn`."""

    def __init__(self, process: subprocess.Popen[bytes], sentinel: Sentinel | None) -> None:
        """Keep the process and the sentinel that watches over it, if any."""
        self._process = process
        self._sentinel = sentinel

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it), None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._forget()
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a process that has ended already is fine."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, *, grace: float = 5.0) -> None:
        """Ask with ``number``, wait ``grace`` seconds, then kill."""
        self.send(number)
        self.wait(grace)

    def wait(self, grace: float) -> None:
        """Wait ``grace`` seconds for the end, then kill."""
        try:
            self._process.wait(timeout=grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._forget()

    def _forget(self) -> None:
        if self._sentinel is not None:
            self._sentinel.forget(self.pid)
            self._sentinel = None


class Sentinel:
    """A small process that stops the children when this one ends without doing so."""

    _shared: Sentinel | None = None

    def __init__(self) -> None:
        """Start the watching process; it ends by itself when this process does."""
        read_end, self._write_end = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_HERE / "sentinel.py")],
            stdin=read_end,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_end)

    @classmethod
    def shared(cls) -> Sentinel:
        """The one sentinel of this process."""
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared

    def watch(self, pid: int, number: signal.Signals) -> None:
        """Send ``number`` to ``pid`` when this process ends."""
        os.write(self._write_end, f"+{pid} {int(number)}\n".encode())

    def forget(self, pid: int) -> None:
        """The process has ended; its id may belong to another one soon."""
        os.write(self._write_end, f"-{pid}\n".encode())


def spawn(
    argv: Sequence[str],
    *,
    death_signal: signal.Signals,
    account: Account | None = None,
    output: IO[bytes] | int | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Child:
    """Start a program in its own session that gets ``death_signal`` when this process ends.

    ``account`` switches the user (root only); ``output`` takes both streams. Raises OSError when
    the interpreter cannot be started; a missing program shows as exit code 1 instead.
    """
    uid, gid = (account.uid, account.gid) if account is not None else (-1, -1)
    launcher = [sys.executable, "-I", "-S", str(_HERE / "launch.py")]
    sentinel = None if parent_death_signal_works() else Sentinel.shared()
    # Zero clears the request: the sentinel does the work.
    number = int(death_signal) if sentinel is None else 0
    process = subprocess.Popen(
        [*launcher, str(os.getpid()), str(number), str(uid), str(gid), *argv],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        start_new_session=True,
    )
    if sentinel is not None:
        sentinel.watch(process.pid, death_signal)
    return Child(process, sentinel)


def is_alive(pid: int) -> bool:
    """Whether a process really runs: a zombie, left by a parent that does not reap, does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        # No /proc: not Linux, where the answer of kill has to do; or it ended just now.
        return not Path("/proc/self/stat").exists()
    return state not in {"Z", "X"}


def wait_for_end(pid: int, seconds: float) -> bool:
    """Wait until a process that is not our child has ended; False when it still runs."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
