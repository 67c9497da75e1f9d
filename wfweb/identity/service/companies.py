"""Beginning a company: its row and the roles it starts with."""

from uuid import UUID

from wfweb.events import emit
from wfweb.identity.events import RoleCreated
from wfweb.identity.models import Role
from wfweb.identity.permissions import DEFAULT_ROLES
from wfweb.kernel.actor import current_actor
from wfweb.kernel.db import session
from wfweb.kernel.tenancy import Company


def create_company(
    company_id: UUID, name: str, *, currency: str = "EUR", time_zone: str = "Europe/Amsterdam"
) -> Company:
    """Make a company with the default roles.

    The door acts as the system of this company: ``transaction(company_id=id, system=True)``.
    """
    if current_actor().company_id != company_id or current_actor().kind != "system":
        message = "a company is made by the system acting in it"
        raise RuntimeError(message)
    company = Company(id=company_id, name=name.strip(), currency=currency, time_zone=time_zone)
    session().add(company)
    session().flush()
    add_default_roles()
    return company


def add_default_roles() -> list[Role]:
    """Give the current company the roles that every company starts with."""
    made = [
        Role(
            code=default.code,
            name=default.name,
            description=default.description,
            permissions=sorted(default.permissions),
        )
        for default in DEFAULT_ROLES
    ]
    session().add_all(made)
    session().flush()
    for role in made:
        emit(
            RoleCreated(
                target_type="role",
                target_id=role.id,
                target_label=role.name,
                after={"code": role.code, "permissions": role.permissions},
            )
        )
    return made
