"""Where the logs of others are, and a small log of our own."""

from pathlib import Path
from typing import Any

import pytest

LOGS = Path(__file__).parents[3] / "shared" / "data" / "logs"

# One name stands for all of them where they are absent, so that a skip says why.
DEFINITIONS = sorted(LOGS.glob("definitions/*.json")) or [LOGS / "definitions" / "absent.json"]

MACHINE: dict[str, Any] = {
    "name": "loan",
    "initial": "new",
    "states": ["new", "asked", "granted", "refused"],
    "final": ["granted", "refused"],
    "transitions": [
        {"from": "new", "on": "Loan ASKED by CLERK", "role": "CLERK", "to": "asked"},
        {"from": "asked", "on": "Loan GRANTED by BOSS", "role": "BOSS", "to": "granted"},
        {"from": "asked", "on": "Loan REFUSED by BOSS", "role": "BOSS", "to": "refused"},
        {"from": "asked", "on": "Close", "role": "UNDEFINED", "to": "refused"},
    ],
}
# Case, then events: minute, activity, role. The second case is refused twice.
LOG: dict[str, list[tuple[int, str, str]]] = {
    "a": [(0, "Loan ASKED by CLERK", "CLERK"), (30, "Loan GRANTED by BOSS", "BOSS")],
    "b": [
        (10, "Loan GRANTED by BOSS", "BOSS"),
        (11, "Loan ASKED by CLERK", "CLERK"),
        (12, "Loan GRANTED by BOSS", "CLERK"),
        (13, "Close", "UNDEFINED"),
        (14, "Car WASHED by CLERK", "CLERK"),
    ],
    "c": [(5, "Car WASHED by CLERK", "CLERK")],
}
EXPECTED = {"a": ("11", "granted"), "b": ("0101", "refused")}


@pytest.fixture(scope="session")
def logs() -> Path:
    """The folder of event logs, or a skip that says so."""
    if not LOGS.is_dir():
        pytest.skip(f"the event logs are not at {LOGS}")
    return LOGS
