"""The action that tells another system by webhook; it leaves after the step is committed."""

from collections.abc import Mapping
from typing import Any

from wfweb.webhooks import service as webhooks
from wfweb.workflow import actions
from wfweb.workflow.actions import ActionContext

EVENT = "workflow.step"
_CALL = {
    "type": "object",
    "properties": {
        "endpoint": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
        "event": {"type": "string", "pattern": "^[a-z][a-z0-9_.]{0,100}$"},
        "data": {"type": "object", "maxProperties": 50},
    },
    "required": ["endpoint"],
    "additionalProperties": False,
}


def register_all() -> None:
    """Offer this action; called by ``wiring.connect()``."""
    actions.register("call_webhook", "Tell another system", _CALL, call_webhook)


def call_webhook(scene: ActionContext, given: Mapping[str, Any]) -> None:
    """Queue a signed message with the record, the step and the data asked for.

    :raises LookupError: when there is no such endpoint, or it is switched off.
    """
    loaded, record = scene.loaded, scene.loaded.record
    about = (
        {"id": record.id, "key": record.key, "type": record.type_code, "version": record.version}
        if record is not None
        else None
    )
    webhooks.call(
        given["endpoint"],
        given.get("event", EVENT),
        {
            "workflow": loaded.definition.body.code,
            "instance": loaded.id,
            "state": loaded.state,
            "step": scene.way.code if scene.way else None,
            "record": about,
            "data": scene.value(given.get("data", {})),
        },
        key=f"{loaded.id}:{loaded.steps}:{given['endpoint']}:{given.get('event', EVENT)}",
    )
