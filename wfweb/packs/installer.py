"""Bringing a pack into a company, and bringing it up to date: the same act."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wfweb.approvals import matrices
from wfweb.approvals.matrix_answers import effective
from wfweb.approvals.matrix_checks import checked
from wfweb.identity import queries as identity
from wfweb.identity import service as identity_service
from wfweb.kernel.errors import NotFound
from wfweb.packs import calendars, watching
from wfweb.packs.reading import Pack
from wfweb.records import types
from wfweb.sla import definitions as sla_definitions
from wfweb.workflow import definitions


@dataclass(slots=True)
class Installed:
    """What an installation did."""

    pack: str
    roles: int = 0
    record_types: int = 0
    calendars: int = 0
    matrices: int = 0
    workflows: int = 0
    metrics: int = 0
    lock_types: int = 0
    alert_rules: int = 0
    sla: int = 0


def install(pack: Pack) -> Installed:
    """Install a pack into the current company, in the current transaction.

    What is there already and says the same stays untouched; what differs becomes a new
    version, so that running work keeps the rules it began with.

    :raises Forbidden: when the actor may not do one of the acts this consists of.
    """
    done = Installed(pack.code)
    known = identity.roles_by_code([role["code"] for role in pack.roles])
    for role in pack.roles:
        if role["code"] not in known:
            identity_service.create_role(
                role["code"],
                role["name"],
                description=role.get("description", ""),
                permissions=role.get("permissions", ()),
            )
            done.roles += 1
    for definition in pack.record_types:
        before = types.find_type(definition["code"])
        version = before.version if before else 0
        done.record_types += types.install_type(definition).version != version
    for calendar in pack.calendars:
        done.calendars += calendars.install_calendar(calendar, pack.name)
    for matrix in pack.matrices:
        done.matrices += _install_matrix(matrix)
    for text in pack.workflows:
        done.workflows += _install_workflow(text, pack.name)
    for promise in pack.sla:
        done.sla += _install_sla(promise, pack.name)
    done.metrics = watching.install_metrics(pack)
    done.lock_types = watching.install_lock_types(pack)
    done.alert_rules = watching.install_alert_rules(pack)
    return done


def _install_matrix(matrix: Mapping[str, Any]) -> bool:
    body = {"hit_policy": matrix["hit_policy"], "rows": matrix["rows"]}
    clean = checked(body, matrix["record_type"])
    start = matrix["effective_from"]
    current = effective(matrix["code"], start)
    if current is not None and current[1].body == clean:
        return False
    matrices.save_matrix(
        matrix["code"],
        body,
        name=matrix["name"],
        description=matrix["description"],
        record_type_code=matrix["record_type"],
    )
    matrices.publish_matrix(
        matrix["code"],
        effective_from=start if current is None and isinstance(start, datetime) else None,
    )
    return True


def _install_workflow(text: str, pack_name: str) -> bool:
    body = definitions.read_body(text)
    try:
        live = definitions.version_of(body.code)
    except NotFound:
        live = None
    if live is not None and definitions.body_of(live) == body:
        return False
    definitions.import_definition(text)
    definitions.publish(body.code, comment=f"Installed with the pack {pack_name}")
    return True


def _install_sla(content: Mapping[str, Any], pack_name: str) -> bool:
    try:
        before = sla_definitions.find(content["code"]).current_version
    except NotFound:
        before = 0
    comment = f"Installed with the pack {pack_name}"
    return sla_definitions.save_definition(content, comment=comment).current_version != before
