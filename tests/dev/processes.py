"""Looking at processes from outside, for the tests of servers and supervisor."""

import os
import time
from pathlib import Path

from wfweb.dev.processes import is_alive

PROC = Path("/proc")


def naming(folder: Path) -> list[str]:
    """Command lines of running processes (zombies do not run) that name or use ``folder``."""
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            workplace = str((entry / "cwd").readlink())
            environment = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        # Valkey rewrites its title, but it works inside its data folder.
        if any(str(folder) in place for place in (command, environment, workplace)):
            found.append(f"{entry.name} {command}")
    return found


def gone(pids: list[int], seconds: float = 8.0) -> bool:
    """Whether all processes end within the time."""
    deadline = time.monotonic() + seconds
    while any(is_alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def eventually_none_naming(folder: Path, seconds: float = 8.0) -> list[str]:
    """Processes that still name ``folder`` when the time is up; empty is good."""
    deadline = time.monotonic() + seconds
    while (found := naming(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
