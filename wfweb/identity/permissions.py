"""All permissions on one page: what each allows, how grave a denied try is, and who starts with it.

A permission is asked for by code; the label is what administrators read. The risk is
written into the audit entry when somebody without the permission tries (ID-1).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from wfweb.kernel.errors import Risk


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing a role can allow."""

    code: str
    label: str
    description: str
    risk: Risk
    group: str


_ALL = (
    Permission("records.view", "See records", "Open records and their timelines", "LOW", "Records"),
    Permission("records.create", "Create records", "Fill in a new record", "LOW", "Records"),
    Permission(
        "records.edit", "Edit records", "Change records and archive them", "MEDIUM", "Records"
    ),
    Permission("types.edit", "Edit record types", "Change fields and forms", "HIGH", "Records"),
    Permission(
        "workflows.view", "See workflows", "Read definitions and what runs", "LOW", "Workflows"
    ),
    Permission(
        "workflows.edit", "Edit workflows", "Draft and import definitions", "MEDIUM", "Workflows"
    ),
    Permission(
        "workflows.publish",
        "Publish workflows",
        "Make a draft the rule for new work",
        "HIGH",
        "Workflows",
    ),
    Permission(
        "operations.retry",
        "Repair stuck work",
        "Retry, skip or cancel what failed",
        "HIGH",
        "Workflows",
    ),
    Permission(
        "approvals.view_all",
        "See every request",
        "Read requests of other people",
        "MEDIUM",
        "Approvals",
    ),
    Permission(
        "approvals.reassign",
        "Reassign requests",
        "Give a waiting step to somebody else",
        "HIGH",
        "Approvals",
    ),
    Permission(
        "calendars.edit",
        "Edit business calendars",
        "Change working hours and holidays that deadlines count by",
        "HIGH",
        "Workflows",
    ),
    Permission(
        "matrices.edit",
        "Edit approval matrices",
        "Decide who approves which amount",
        "CRITICAL",
        "Approvals",
    ),
    Permission("sla.view", "See deadlines", "Open the board and its receipts", "LOW", "Deadlines"),
    Permission(
        "sla.pause", "Pause clocks", "Stop and resume a deadline by hand", "MEDIUM", "Deadlines"
    ),
    Permission(
        "sla.edit", "Edit deadlines", "Decide how long things may take", "HIGH", "Deadlines"
    ),
    Permission(
        "tasks.manage", "Manage tasks", "See, give and cancel everybody's tasks", "MEDIUM", "Work"
    ),
    Permission(
        "alerts.view", "See alerts", "Read alerts about records one may see", "LOW", "Alerts"
    ),
    Permission(
        "alerts.act", "Look after alerts", "Acknowledge, silence, resolve", "MEDIUM", "Alerts"
    ),
    Permission(
        "alerts.manage", "Edit alert rules", "Decide when alerts are raised", "HIGH", "Alerts"
    ),
    Permission(
        "metrics.write", "Send metrics", "Add readings by file, API or webhook", "MEDIUM", "Alerts"
    ),
    Permission("locks.view", "See locks", "Read every lock on records one may see", "LOW", "Locks"),
    Permission(
        "locks.override",
        "Override locks",
        "End or renew a lock without its committee, with a reason",
        "CRITICAL",
        "Locks",
    ),
    Permission("locks.manage", "Edit lock types", "Decide what blocks what", "CRITICAL", "Locks"),
    Permission("users.view", "See people", "Find colleagues and their roles", "LOW", "People"),
    Permission(
        "users.manage", "Manage people", "Create, change and deactivate people", "HIGH", "People"
    ),
    Permission("roles.manage", "Manage roles", "Change what roles allow", "CRITICAL", "People"),
    Permission(
        "tokens.manage", "Manage tokens", "See and revoke tokens of others", "HIGH", "People"
    ),
    Permission("audit.view", "Read the audit", "Read every record's story", "MEDIUM", "Oversight"),
    Permission(
        "deliveries.view", "See deliveries", "Read what was sent to whom", "MEDIUM", "Oversight"
    ),
    Permission(
        "webhooks.manage",
        "Manage webhooks",
        "Decide which other systems are told, and see their secrets",
        "HIGH",
        "Oversight",
    ),
    Permission("templates.edit", "Edit messages", "Change what mails say", "HIGH", "Oversight"),
)
PERMISSIONS: dict[str, Permission] = {permission.code: permission for permission in _ALL}
ADMINISTRATION = frozenset({"users.manage", "roles.manage"})
"""Who holds all of these can repair everything else; somebody always has to."""


@dataclass(frozen=True, slots=True)
class DefaultRole:
    """A role that every new company starts with."""

    code: str
    name: str
    description: str
    permissions: frozenset[str]


_MEMBER = frozenset(
    {"records.view", "records.create", "records.edit", "workflows.view", "sla.view", "users.view"}
    | {"alerts.view", "locks.view"}
)
DEFAULT_ROLES = (
    DefaultRole(
        "administrator",
        "Administrator",
        "Manages people, roles and everything else",
        frozenset(PERMISSIONS),
    ),
    DefaultRole(
        "designer",
        "Designer",
        "Shapes record types, workflows and matrices",
        _MEMBER
        | {"types.edit", "workflows.edit", "workflows.publish", "matrices.edit", "templates.edit"}
        | {"calendars.edit"}
        | {"sla.edit"}
        | {"alerts.manage", "locks.manage"},
    ),
    DefaultRole(
        "auditor",
        "Auditor",
        "Reads everything, changes nothing",
        frozenset(
            {
                "records.view",
                "workflows.view",
                "approvals.view_all",
                "sla.view",
                "alerts.view",
                "locks.view",
                "users.view",
                "audit.view",
                "deliveries.view",
            }
        ),
    ),
    DefaultRole(
        "operator",
        "Operator",
        "Keeps work flowing: retries, reassigns, watches deliveries",
        frozenset(
            {
                "records.view",
                "workflows.view",
                "users.view",
                "operations.retry",
                "sla.view",
                "sla.pause",
                "alerts.view",
                "alerts.act",
                "locks.view",
                "metrics.write",
                "approvals.view_all",
                "approvals.reassign",
                "deliveries.view",
            }
        ),
    ),
    DefaultRole("member", "Member", "Works with records and asks for approval", _MEMBER),
)


def risk_of(permission: str) -> Risk:
    """Return how grave a denied try is; an unknown permission counts as medium."""
    known = PERMISSIONS.get(permission)
    return known.risk if known else "MEDIUM"


def grouped() -> list[tuple[str, list[Permission]]]:
    """Return the permissions by group, in the order of this page."""
    groups: dict[str, list[Permission]] = {}
    for permission in _ALL:
        groups.setdefault(permission.group, []).append(permission)
    return list(groups.items())


def unknown(codes: Iterable[str]) -> list[str]:
    """Return the codes that are no permission, sorted."""
    return sorted(set(codes) - set(PERMISSIONS))
