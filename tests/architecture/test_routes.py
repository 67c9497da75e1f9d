"""The ratchet: what there is from outside and what happens by itself, each on a committed line."""

from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from tests.support.ratchet import agrees
from wfweb import schedule, wiring
from wfweb.events import bus
from wfweb.identity.permissions import PERMISSIONS

TABLE = Path(__file__).parent / "routes.txt"
ABOUT = """
Everything that can happen: addresses with what they ask for, permissions, reactions to events,
messages, timers and recurring jobs. A line more or less is a decision somebody has seen.
"""


def lines(app: Flask) -> Iterator[str]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        asked = _permission(app, rule.endpoint)
        yield f"route {methods:6} {rule.rule} {rule.endpoint}{asked}"
    for code, permission in sorted(PERMISSIONS.items()):
        yield f"permission {code} {permission.risk}"
    for name, (now, later) in bus.subscriptions().items():
        for reaction in now:
            yield f"event {name} now {reaction}"
        for message in later:
            yield f"event {name} later {message}"
    for message in sorted(wiring.INSIDE_JOBS):
        yield f"message {message} inside"
    for message in sorted(wiring.OUTSIDE_JOBS):
        yield f"message {message} outside"
    for timer in sorted(wiring.TIMERS):
        yield f"timer {timer}"
    for job in schedule.RECURRING:
        yield f"recurring {job.name} {job.every_seconds}"


def _permission(app: Flask, endpoint: str) -> str:
    view = app.view_functions[endpoint]
    while view is not None:
        permission = getattr(view, "permission", None)
        if permission:
            return f" needs {permission}"
        view = getattr(view, "__wrapped__", None)
    return ""


def test_what_there_is_was_agreed_to(app: Flask):
    agrees(TABLE, lines(app), ABOUT)
