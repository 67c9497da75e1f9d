"""The trial company: roles and people as the log needs them, and the definition published."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from wfweb.identity import queries as people
from wfweb.identity import service as identity
from wfweb.identity.permissions import PERMISSIONS
from wfweb.kernel.actor import Actor, system_actor
from wfweb.kernel.ids import new_id
from wfweb.workflow import definitions, graph
from wfweb.workflow.compiled import Definition
from wfweb.workflow.loading import definition_of
from wfweb.workflow.plain import role_code
from wfweb.workflow.schemas import SYSTEM_ROLE, DefinitionBody, full

NAME = "Trial run"
ANYBODY = "anybody"


Doer = tuple[str, str | None]
"""A role, and the name of one of its people where the log tells them apart."""


@dataclass(slots=True)
class Trial:
    """A company made for one replay."""

    company_id: UUID
    definition_id: UUID
    definition: Definition
    people: dict[Doer, UUID]
    actors: dict[tuple[str | None, str | None], Actor] = field(default_factory=dict)

    def actor(self, role: str | None, resource: str | None) -> Actor:
        """Return who a log's event is done by: its role, under the name the log gives."""
        key = (role, resource)
        known = self.actors.get(key)
        if known is None:
            known = self.actors[key] = self._actor(role_code(role), resource, role)
        return known

    def _actor(self, role: str | None, resource: str | None, said: str | None) -> Actor:
        if role == SYSTEM_ROLE:
            return system_actor(self.company_id, channel="replay")
        return Actor(
            kind="user",
            id=self._person(role, resource),
            name=(resource or said or "Somebody")[:120],
            company_id=self.company_id,
            permissions=frozenset(PERMISSIONS),
            roles=frozenset({role} if role else ()),
            channel="replay",
        )

    def _person(self, role: str | None, resource: str | None) -> UUID:
        anybody = self.people[ANYBODY, None]
        if role is None:
            return anybody
        return self.people.get((role, resource), self.people.get((role, None), anybody))


def prune(body: DefinitionBody) -> tuple[DefinitionBody, list[str]]:
    """Leave out states that can never be reached, which a log's own definition may have.

    Nothing can ever be in them, so no event is answered differently without them.
    """
    edges = graph.edges_of((way.from_state, way.to) for way in body.transitions)
    starts = [state.code for state in body.states if state.type == "start"]
    kept = graph.reachable(edges, starts)
    lost = [state.name for state in body.states if state.code not in kept and starts]
    if not lost:
        return body, []
    data = full(body)
    data["states"] = [state for state in data["states"] if state["code"] in kept]
    data["transitions"] = [w for w in data["transitions"] if {w["from"], w["to"]} <= kept]
    notes = [f"“{name}” can never be reached and is left out" for name in lost]
    return DefinitionBody.model_validate(data), notes


def asked_roles(body: DefinitionBody) -> frozenset[str]:
    """Return the roles that a definition's approvals ask."""
    return frozenset(
        approver.role
        for state in body.states
        if state.approval is not None
        for level in state.approval.levels
        for approver in level.approvers
        if approver.role is not None
    )


def set_up(
    company_id: UUID, body: DefinitionBody, doers: Iterable[tuple[str | None, str | None]]
) -> Trial:
    """Make the people of a new company, and publish the definition in it.

    A role gets one person, except roles that approvals ask: there everybody whom the log
    names counts on their own. The door acts as the system of this company.

    :param doers: role and name of whoever does something in the log.
    :raises ValidationFailed: when the definition may not be published, with every place.
    """
    asked = asked_roles(body)
    codes = {way.role for way in body.transitions} | asked
    named: set[tuple[str, str]] = set()
    for role, name in doers:
        code = role_code(role)
        codes.add(code)
        if code in asked and name is not None:
            named.add((code, name))
    made: dict[Doer, UUID] = {(ANYBODY, None): _person(ANYBODY, ())}
    known = people.roles_by_code([code for code in codes if code])
    for code in sorted(code for code in codes if code and code != SYSTEM_ROLE):
        if code not in known:
            identity.create_role(code, code.replace("_", " ").capitalize())
        made[code, None] = _person(code, () if (code in {c for c, _ in named}) else (code,))
    for code, name in sorted(named):
        made[code, name] = _person(name, (code,))
    draft, _problems = definitions.save_draft(full(body))
    definitions.publish(body.code, comment="Trial run")
    return Trial(company_id, draft.definition_id, definition_of(draft.id), made)


def _person(name: str, roles: tuple[str, ...]) -> UUID:
    address = f"{new_id().hex}@trial.invalid"
    shown = (name.replace("_", " ").strip() or "Somebody").capitalize()[:120]
    return identity.create_user(address, shown, role_codes=roles).id
