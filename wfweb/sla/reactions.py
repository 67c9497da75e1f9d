"""What clocks do when subjects change: noted while it happens, evaluated once at the act's end.

Whatever an act does to a subject, its clocks are looked at once, when everything is as it will
be committed; steps in between have no length and so no time.
"""

from uuid import UUID

from wfweb.events import Event
from wfweb.kernel.db import before_commit, session
from wfweb.sla import service
from wfweb.sla.subjects import Key


class Noted:
    """The subjects an act changed, and the names of the events that did."""

    def __init__(self) -> None:
        self.subjects: dict[Key, set[str]] = {}

    def __call__(self) -> None:
        """Evaluate them; called at the end of the act."""
        service.evaluate(self.subjects)


def note(subject_type: str, subject_id: UUID, event: str) -> None:
    """Remember that a subject changed, and by which event."""
    hooks = session().info.get("before_commit", {})
    noted = next((hook for hook in hooks if isinstance(hook, Noted)), None)
    if noted is None:
        noted = Noted()
        before_commit(noted)
    noted.subjects.setdefault((subject_type, subject_id), set()).add(event)


def on_record(event: Event) -> None:
    """A record was made or changed, archived or restored."""
    note("record", event.target_id, event.name)


def on_instance(event: Event) -> None:
    """The work on a record moved."""
    record_id: UUID | None = getattr(event, "record_id", None)
    if record_id is not None:
        note("record", record_id, event.name)


def on_task(event: Event) -> None:
    """A task was made, given or closed."""
    note("task", event.target_id, event.name)


def on_request(event: Event) -> None:
    """A request was opened, asked on, decided or ended; its levels are looked at with it."""
    if event.request_id is not None:
        note("request", event.request_id, event.name)
