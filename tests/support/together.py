"""Several acts at one moment: threads behind a gate, each act as a door runs it."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask

from wfweb.kernel.db import attempt

GATE_SECONDS = 20
PATIENCE_SECONDS = 50


def together(app: Flask, acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run acts at one moment, each in a thread of its own; results or exceptions, in order."""
    gate = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context():
            gate.wait(GATE_SECONDS)
            try:
                outcomes[place] = attempt(act)
            except Exception as error:  # noqa: BLE001 - the outcome is what is asked for
                outcomes[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "stuck"
    return outcomes
