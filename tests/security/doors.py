"""Every door of the application, with an address that leads to something that is there."""

import re
from dataclasses import dataclass

from flask import Flask
from werkzeug.routing import Rule

from tests.security.world import World

# What a parameter is called depends on the feature; by the beginning of the address.
BY_PREFIX: dict[str, dict[str, str]] = {
    "/admin/messages/": {"code": "approval_assigned"},
    "/record-types/": {"code": "sales_order"},
    "/api/v1/record-types/": {"code": "sales_order"},
    "/workflows/instances/": {"code": "cancel"},
    "/workflows/": {"code": "sales_order_approval"},
    "/api/v1/workflows/": {"code": "sales_order_approval"},
    "/matrices/": {"code": "sales_order_amounts"},
    "/api/v1/matrices/": {"code": "sales_order_amounts"},
    "/api/docs/": {"tag": "records"},
    "/calendars/": {"code": "office_hours"},
    "/api/v1/calendars/": {"code": "office_hours"},
    "/sla/definitions/": {"code": "answer"},
    "/api/v1/sla/definitions/": {"code": "answer"},
    "/alert-rules/": {"code": "too_warm"},
    "/api/v1/alert-rules/": {"code": "too_warm"},
    "/lock-types/": {"code": "warm_hold"},
    "/api/v1/lock-types/": {"code": "warm_hold"},
}
QUERIES = {
    "/api/v1/audit": "?target_id={target_id}",
    "/api/v1/records/<ref>/check-action": "?action=sell",
    "/api/v1/properties/<ref>/check-action": "?action=sell",
    "/pickers/people": "?q=ada",
    "/pickers/records/<type_code>": "?q=a",
}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def filled(world: World) -> dict[str, str]:
    """Return values for what forms ask, so that not the first empty field ends the try."""
    words = ("body", "comment", "reason", "name", "title", "label")
    return {
        **dict.fromkeys(words, "Because it is so"),
        "version": "1",
        "target": world.values["assignment_id"],
        "to": world.values["user_id"],
        "digest": "0" * 64,
        "decision": "approve",
        "reason_code": "price",
        "key": world.order[0],
        "number": "1",
    }


@dataclass(frozen=True, order=True)
class Door:
    """A method of a route."""

    rule: str
    method: str
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method:6} {self.rule}"

    @property
    def is_api(self) -> bool:
        return self.rule.startswith("/api/v1/")


def doors(app: Flask, *methods: str) -> list[Door]:
    """Return the doors of an application, files left out; only some methods if given."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/static/"):
            continue
        taken = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        wanted = taken & set(methods) if methods else taken
        found += [Door(rule.rule, method, tuple(_names(rule))) for method in wanted]
    return sorted(found)


def _names(rule: Rule) -> list[str]:
    return re.findall(r"<(?:[^:>]+:)?(\w+)>", rule.rule)


def address(door: Door, world: World, **given: str) -> str:
    """Return an address of a door where something is; ``given`` wins over what there is."""
    values = dict(world.values)
    values["key"] = values["ref"] = (
        world.waiting[0]
        if "/requests/" in door.rule or "/approvals/" in door.rule
        else world.order[0]
    )
    values["seat"] = values["assignment_id"]
    if door.rule.startswith("/alerts/"):
        values["key"] = values["alert_key"]
    elif door.rule.startswith("/tasks/"):
        values["key"] = values["task_key"]
    elif re.search("/properties/|/locks|/metrics", door.rule):
        values["ref"] = values["locked_ref"]
    for prefix, special in BY_PREFIX.items():
        if door.rule.startswith(prefix):
            values = {**values, **special}
            break
    path = door.rule
    for name in door.parameters:
        value = given.get(name, values.get(name))
        assert value is not None, f"give the tests a value for {name} of {door.rule}"
        path = re.sub(rf"<(?:[^:>]+:)?{name}>", lambda _m, v=value: v, path)
    query = QUERIES.get(door.rule, "") if door.method == "GET" else ""
    return path + query.format(**values)
