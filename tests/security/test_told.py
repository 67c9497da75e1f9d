"""Whatever changes something through the API leaves an entry in the audit trail."""

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.api.conftest import token_for
from tests.api.test_every_operation import example_of
from tests.security.doors import Door, address, doors
from tests.security.test_bad_input import same
from tests.security.world import World
from wfweb.audit.models import AuditEvent
from wfweb.kernel.api import Operation, operations
from wfweb.kernel.db import session, transaction

# What may be answered without an entry, and why.
QUIET: Final = {
    "validate_condition": "asks only",
    "evaluate_condition": "asks only",
    "preview_alert_rule": "asks only",
    "validate_matrix": "asks only",
    "evaluate_matrix": "asks only",
    "validate_workflow": "asks only",
    "evaluate_calendar": "asks only",
    "evaluate_sla": "asks only",
    "import_readings": "the example is refused row by row",
    "decide_approvals": "the example names requests that are not there",
    "resolve_approval": "the same people are found again",
    "choose_default_calendar": "it is the default already",
    "take_task": "it is taken already",
}
MANY: Final = 25


def writing(world: World) -> Iterator[tuple[Operation, Door]]:
    """Yield the operations that may change something, with their doors."""
    found = [door for door in doors(world.app) if door.is_api]
    for op in operations():
        if op.method != "GET" and not op.upload:
            yield op, next(d for d in found if d.method == op.method and same(d.rule, op.path))


def entries(world: World) -> int:
    with transaction(company_id=world.company):
        return session().scalar(select(func.count()).select_from(AuditEvent)) or 0


def ask(world: World, op: Operation, door: Door) -> TestResponse:
    """Call an operation as it is described, as somebody who may do everything."""
    body: dict[str, Any] | None = example_of(op) if op.request is not None else None
    version = (body or {}).get("version", 1)
    return world.client(None).open(
        address(door, world),
        method=op.method,
        data=json.dumps(body) if body is not None else None,
        headers={
            "Authorization": f"Bearer {token_for(world.people['administrator'])}",
            "Content-Type": "application/json",
            "If-Match": f'"{version}"',
        },
    )


def test_every_change_is_in_the_audit_trail(world: World) -> None:
    told, silent = 0, set()
    for op, door in writing(world):
        with world.undone():
            before = entries(world)
            answer = ask(world, op, door)
            if answer.status_code >= 400:
                continue
            more = entries(world) - before
            told += more > 0
            if not more:
                silent.add(op.name)
    assert silent <= set(QUIET), silent - set(QUIET)
    assert told > MANY
    assert set(QUIET) <= {op.name for op, _door in writing(world)}
