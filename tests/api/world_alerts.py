"""An alert, its rule, a silence and an endpoint, so that every address about them has an object."""

from datetime import timedelta
from uuid import UUID

from tests.people import People
from wfweb.alerts import catalogue, hooks_admin, metrics, rules_admin, silencing
from wfweb.kernel import clock
from wfweb.kernel.db import transaction


def alert_parameters(people: People, record_id: UUID) -> dict[str, str]:
    """Raise an alert on a record; return what stands in addresses."""
    rule = {
        "code": "level_low",
        "name": "Level low",
        "type": "threshold",
        "metric": "fill_level",
        "operator": "<",
        "raise_at": "20",
        "recipients": [{"role": "approver"}],
    }
    reading = {"record": str(record_id), "metric": "fill_level", "value": 5}
    with transaction(actor=people.alma.actor):
        for code in ("fill_level", "on_hand", "usage"):
            catalogue.save_metric(code, code.replace("_", " ").capitalize())
        rules_admin.save_rule(rule)
        metrics.ingest([reading])
        until = clock.now() + timedelta(hours=1)
        silence = silencing.silence(record_id=record_id, until=until, reason="Repairs")
        hook = hooks_admin.create_endpoint("Gateway", "metrics")
        return {
            "alert_ref": "ALT-1001",
            "metric": "fill_level",
            "silence_id": str(silence.id),
            "hook_id": str(hook.id),
        }
