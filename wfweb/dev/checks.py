"""``make lint`` and ``make test``: every linter at once, then the tests, in one go.

``python -m wfweb.dev.checks`` runs the linters, ``--tests`` the tests after them; further
arguments go to pytest. The exit code is 0 only when everything is clean.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_BIN: Final = Path(sys.executable).parent
_PYTHON: Final = ("wfweb", "tests", "migrations", "benchmarks", "tools", "wsgi.py")
_MOST_WORKERS: Final = 8


@dataclass(frozen=True)
class Check:
    """One linter: its name for people, its program and its arguments."""

    name: str
    program: str
    arguments: tuple[str, ...]


def _present(*paths: str) -> tuple[str, ...]:
    return tuple(path for path in paths if (_ROOT / path).exists())


def checks() -> list[Check]:
    """All linters, the slowest first so that the others run beside it."""
    found = [
        Check("types", "mypy", ()),
        Check("style", "ruff", ("check", "--quiet", *_present(*_PYTHON))),
        Check("format", "ruff", ("format", "--check", "--quiet", *_present(*_PYTHON))),
        Check("architecture", "lint-imports", ("--no-logo",)),
    ]
    if _present("templates"):
        found.append(Check("templates", "djlint", ("templates", "--lint", "--quiet")))
    return found


def run_checks() -> bool:
    """Run all linters beside each other; print what the unhappy ones say. True when all pass."""
    started = time.monotonic()
    running = [
        (
            check,
            subprocess.Popen(
                [str(_BIN / check.program), *check.arguments],
                cwd=_ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            ),
        )
        for check in checks()
    ]
    failed = []
    for check, process in running:
        output, _ = process.communicate()
        if process.returncode != 0:
            failed.append(check.name)
            sys.stdout.write(f"\n--- {check.name} ({check.program}) ---\n{output}\n")
    names = ", ".join(check.name for check, _ in running)
    verdict = f"problems in {', '.join(failed)} (above)" if failed else "clean"
    sys.stdout.write(f"Checked {names}: {verdict}, {time.monotonic() - started:.0f} s\n")
    sys.stdout.flush()
    return not failed


def run_tests(arguments: list[str]) -> bool:
    """Run pytest on as many processes as there are cores; True when all tests pass."""
    workers = max(2, min(os.cpu_count() or 2, _MOST_WORKERS))
    argv = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "worksteal"]
    return subprocess.run([*argv, *arguments], cwd=_ROOT, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; the exit code for the shell."""
    clean = run_checks()
    if "--tests" in arguments:
        passed = run_tests([item for item in arguments if item != "--tests"])
        return 0 if clean and passed else 1
    return 0 if clean else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
