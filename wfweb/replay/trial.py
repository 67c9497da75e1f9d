"""The trial company: roles and people as the log needs them, and the definition published."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from wfweb.identity import queries as people
from wfweb.identity import service as identity
from wfweb.identity.permissions import PERMISSIONS
from wfweb.identity.service.companies import create_company
from wfweb.kernel.actor import Actor, system_actor
from wfweb.kernel.ids import new_id
from wfweb.workflow import definitions, graph
from wfweb.workflow.compiled import Definition
from wfweb.workflow.loading import definition_of
from wfweb.workflow.plain import role_code
from wfweb.workflow.schemas import SYSTEM_ROLE, DefinitionBody, full

NAME = "Trial run"
ANYBODY = "anybody"


@dataclass(slots=True)
class Trial:
    """A company made for one replay."""

    company_id: UUID
    definition_id: UUID
    definition: Definition
    people: dict[str, UUID]
    actors: dict[tuple[str | None, str | None], Actor] = field(default_factory=dict)

    def actor(self, role: str | None, resource: str | None) -> Actor:
        """Return who a log's event is done by: its role, under the name the log gives."""
        key = (role, resource)
        known = self.actors.get(key)
        if known is None:
            known = self.actors[key] = self._actor(role_code(role), resource or role)
        return known

    def _actor(self, role: str | None, name: str | None) -> Actor:
        if role == SYSTEM_ROLE:
            return system_actor(self.company_id, channel="replay")
        return Actor(
            kind="user",
            id=self.people.get(role or ANYBODY, self.people[ANYBODY]),
            name=(name or "Somebody")[:120],
            company_id=self.company_id,
            permissions=frozenset(PERMISSIONS),
            roles=frozenset({role} if role else ()),
            channel="replay",
        )


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


def set_up(company_id: UUID, body: DefinitionBody, log_roles: Iterable[str | None]) -> Trial:
    """Make the company, a person for each role, and publish the definition in it.

    The door acts as the system of this company.

    :raises ValidationFailed: when the definition may not be published, with every place.
    """
    create_company(company_id, NAME)
    codes = {way.role for way in body.transitions} | {role_code(role) for role in log_roles}
    codes |= {
        approver.role
        for state in body.states
        if state.approval is not None
        for level in state.approval.levels
        for approver in level.approvers
    }
    made: dict[str, UUID] = {ANYBODY: _person(ANYBODY, ())}
    known = people.roles_by_code([code for code in codes if code])
    for code in sorted(code for code in codes if code and code != SYSTEM_ROLE):
        if code not in known:
            identity.create_role(code, code.replace("_", " ").capitalize())
        made[code] = _person(code, (code,))
    draft, _problems = definitions.save_draft(full(body))
    definitions.publish(body.code, comment="Trial run")
    return Trial(company_id, draft.definition_id, definition_of(draft.id), made)


def _person(name: str, roles: tuple[str, ...]) -> UUID:
    address = f"{name}.{new_id().hex}@trial.invalid"
    shown = name.replace("_", " ").capitalize()
    return identity.create_user(address, shown, role_codes=roles).id
