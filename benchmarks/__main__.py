"""``make bench``: the short form of every benchmark, one after the other, each in a process."""

import subprocess
import sys
import time

PARTS = (
    "decision",
    "inbox",
    "engine",
    "replay",
    "running",
    "calendars",
    "sla",
    "sla_board",
    "alerts",
    "locks",
)


def main() -> int:
    """Run them all; the number of those that could not run."""
    failed = 0
    begun = time.monotonic()
    for part in PARTS:
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{part}", "--quick"], check=False)
        failed += done.returncode != 0
    print(f"{len(PARTS) - failed} of {len(PARTS)} ran, {time.monotonic() - begun:.0f} s together")
    return failed


if __name__ == "__main__":
    sys.exit(main())
