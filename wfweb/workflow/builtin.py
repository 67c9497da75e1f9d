"""The actions the engine itself can do; higher features register theirs in wiring."""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from wfweb.events import timers
from wfweb.kernel import clock
from wfweb.records import service as records
from wfweb.workflow import actions, service, writing
from wfweb.workflow.actions import ActionContext
from wfweb.workflow.errors import AlreadyRunning
from wfweb.workflow.loading import reload_record

_TEXT = {"type": "string", "minLength": 1, "maxLength": 4000}
MOST_STARTS = 5
_depth: ContextVar[int] = ContextVar("wfweb_starts_by_actions", default=0)
_CODE = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"}


def _schema(required: list[str], **members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": False,
    }


def register_all() -> None:
    """Offer the engine's own actions; called by ``wiring.connect()``."""
    actions.register(
        "update_field",
        "Change a field of the record",
        _schema(["field", "value"], field=_CODE, value={}),
        update_field,
    )
    actions.register(
        "start_workflow",
        "Start another workflow for the record",
        _schema(["workflow"], workflow=_CODE),
        start_workflow,
    )
    actions.register(
        "transition",
        "Take another step of this instance",
        _schema(["transition"], transition=_TEXT),
        transition,
    )
    actions.register(
        "wait",
        "Take a step after some hours, unless the state was left",
        _schema(
            ["hours", "transition"],
            hours={"type": "number", "exclusiveMinimum": 0, "maximum": 24 * 366 * 5},
            transition=_TEXT,
        ),
        wait,
    )


def update_field(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Set one field of the record; ``{{record.other}}`` takes another field's value.

    :raises LookupError: when the instance has no record.
    """
    loaded = scene.loaded
    if loaded.record_id is None:
        raise LookupError("there is no record whose field could change")
    records.set_fields(loaded.record_id, {given["field"]: scene.value(given["value"])})
    reload_record(loaded)
    scene.facts.forget_record()


def start_workflow(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Start another definition for the same record; one that runs already is left alone.

    :raises ValueError: when workflows start each other in a circle.
    """
    depth = _depth.get() + 1
    if depth > MOST_STARTS:
        raise ValueError(f"workflows start each other in a circle, {MOST_STARTS} deep by now")
    token = _depth.set(depth)
    try:
        service.start(given["workflow"], scene.loaded.record_id)
    except AlreadyRunning:
        return
    finally:
        _depth.reset(token)


def transition(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Ask for another step, taken by the system when the current one is complete."""
    scene.loaded.queued.append(given["transition"])


def wait(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Arm a timer that takes a step later, if the instance still waits where it does now."""
    loaded = scene.loaded
    timers.arm(
        writing.WAIT,
        "workflow_instance",
        loaded.id,
        clock.now() + timedelta(hours=given["hours"]),
        fire_key=f"{loaded.steps}.{loaded.retry_count}.{given['transition']}",
        payload={"transition": given["transition"], "state": loaded.state},
    )
