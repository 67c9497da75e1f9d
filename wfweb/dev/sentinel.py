"""Stop processes whose parent has gone; a script, for systems without a parent-death signal.

Reads lines ``+PID SIGNAL`` and ``-PID`` from a pipe whose other end only the parent holds. When
the pipe closes, the parent is gone, however it went, and every process still listed gets its
signal and, if it stays, a kill.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 5.0


def watch(lines: Iterable[str]) -> dict[int, int]:
    """Follow the lines until the pipe closes; answers what was still to be stopped."""
    wards: dict[int, int] = {}
    for line in lines:
        if line.startswith("+"):
            pid, number = line[1:].split()
            wards[int(pid)] = int(number)
        else:
            wards.pop(int(line[1:]), None)
    return wards


def send(wards: dict[int, int]) -> None:
    """Send each process its signal; one that is gone already is fine."""
    for pid, number in wards.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def main() -> None:
    """Wait for the end of the parent, then clean up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The whole group may be told to stop; this one has work left exactly then.
        signal.signal(number, signal.SIG_IGN)
    wards = watch(sys.stdin)
    if wards:
        send(wards)
        time.sleep(GRACE_SECONDS)
        send(dict.fromkeys(wards, signal.SIGKILL))


if __name__ == "__main__":
    main()
