"""What happens when a moment falls due: state and instance timeouts, waits.

Each handler runs in the transaction that marks its timer fired, so it happens once or not
at all; it looks at the instance under its lock, and a person who was faster wins.
"""

from datetime import timedelta
from typing import Any

from wfweb.events import emit, timers
from wfweb.events.timers import Due
from wfweb.kernel import clock
from wfweb.kernel.journal import journal
from wfweb.workflow import engine, facts, rules, writing
from wfweb.workflow.events import InstanceOverdue, InstanceTimedOut, StateTimedOut
from wfweb.workflow.loading import Loaded, load

TELL_AGAIN = timedelta(days=1)


def state_timed_out(due: Due) -> None:
    """A state lasted too long: take the way out by timeout, or do the timeout action."""
    loaded = load(due.subject_id)
    if loaded.status != "active" or loaded.steps != due.payload["steps"]:
        return
    look = facts.judge(facts.Facts(loaded))
    way, action = rules.after_timeout(loaded.definition, loaded.state, look)
    if way is not None:
        engine.step(loaded, way, kind="timeout")
    elif action is not None:
        _tell(loaded, action)


def _tell(loaded: Loaded, action: str) -> None:
    loaded.steps += 1
    loaded.version += 1
    changes = {"steps": loaded.steps, "version": loaded.version}
    journal().update(writing.INSTANCES, loaded.id, changes)
    kind = "escalation" if action == "escalate" else "timeout"
    writing.write_history(loaded, loaded.state, writing.Step(kind, comment="Took too long"))
    hours = loaded.definition.states[loaded.state].timeout_hours or 0
    event = StateTimedOut(**writing.about(loaded), action=action, hours=hours)
    emit(event)


def instance_timed_out(due: Due) -> None:
    """An instance was not finished in time: it stops and waits for an operator.

    In an approval state it goes on: people could not decide any more if it stopped, so it is
    only told, once a day, until they have.
    """
    loaded = load(due.subject_id)
    if loaded.status != "active" or (loaded.due_at and loaded.due_at > clock.now()):
        return
    if loaded.definition.states[loaded.state].type == "approval":
        _tell_overdue(loaded)
    else:
        _stop(loaded)


def _tell_overdue(loaded: Loaded) -> None:
    hours = loaded.definition.body.timeout_hours or 0
    emit(InstanceOverdue(**writing.about(loaded), hours=hours, risk="MEDIUM"))
    again = clock.now() + TELL_AGAIN
    timers.arm(writing.INSTANCE_TIMEOUT, "workflow_instance", loaded.id, again)


def _stop(loaded: Loaded) -> None:
    loaded.status = "timeout"
    loaded.steps += 1
    loaded.version += 1
    message = f"Not finished within {loaded.definition.body.timeout_hours:g} hours"
    changes: dict[str, Any] = {
        "status": "timeout",
        "error_message": message,
        "steps": loaded.steps,
        "version": loaded.version,
    }
    journal().update(writing.INSTANCES, loaded.id, changes)
    writing.write_history(loaded, loaded.state, writing.Step("timeout", comment=message))
    writing.disarm(loaded)
    details = {"message": message}
    hours = loaded.definition.body.timeout_hours or 0
    about = writing.about(loaded)
    emit(InstanceTimedOut(**about, hours=hours, details=details, risk="MEDIUM"))


def wait_is_over(due: Due) -> None:
    """A wait ended: take the step it was for, if the instance still waits there."""
    loaded = load(due.subject_id)
    if loaded.status != "active" or loaded.state != due.payload["state"]:
        return
    loaded.queued.append(due.payload["transition"])
    engine.follow(loaded)
