"""The shapes of people and roles in the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page, PageQuery
from wfweb.kernel.api.schemas import Amount, example

Text = Annotated[str, Field(max_length=300)]
RoleCode = Annotated[str, Field(max_length=80)]


class CompanyOut(Out):
    """The company everything belongs to."""

    id: UUID
    name: str
    currency: str


class MeOut(Out):
    """Who the token acts as, and what it may do."""

    id: UUID
    email: str
    name: str
    title: str
    kind: str
    time_zone: str
    company: CompanyOut
    roles: list[str] = Field(description="Codes of the roles.")
    permissions: list[str] = Field(description="What the roles allow within the token's scopes.")
    scopes: list[str]


class UserQuery(PageQuery):
    """Which people are wanted."""

    q: str | None = Field(
        default=None, max_length=100, description="Only people whose name, title or address has it."
    )
    inactive: bool = Field(default=False, description="Closed accounts as well.")


class UserOut(Out):
    """A person or a service account."""

    id: UUID
    email: str
    name: str
    title: str
    kind: str
    manager_id: UUID | None
    active: bool
    time_zone: str
    quick_limit: Amount | None = Field(
        description="Up to this amount in the company's currency a click decides; null: always."
    )
    roles: list[str]
    version: int
    created_at: datetime
    updated_at: datetime
    last_sign_in_at: datetime | None


class UserPage(Page[UserOut]):
    """People by name."""


class UserIn(In):
    """A new account. Its owner gets no password here, but asks for a link by mail."""

    model_config = example(
        {"email": "noor@example.com", "name": "Noor Visser", "title": "Buyer", "roles": ["member"]}
    )

    email: Text
    name: Text
    title: Text = ""
    kind: Literal["person", "service"] = "person"
    roles: list[RoleCode] = Field(default=["member"], max_length=50)
    manager_id: UUID | None = None
    time_zone: Text = "UTC"
    quick_limit: Decimal | None = None


class UserChange(In):
    """What changes of an account; members that are left out stay."""

    model_config = example({"title": "Senior buyer", "version": 3})

    email: Text | None = None
    name: Text | None = None
    title: Text | None = None
    roles: list[RoleCode] | None = Field(default=None, max_length=50)
    manager_id: UUID | None = Field(default=None, description="Null takes the manager away.")
    time_zone: Text | None = None
    quick_limit: Decimal | None = Field(default=None, description="Null takes the limit away.")
    version: int | None = None


class RoleOut(Out):
    """A role: a set of permissions, and a group that approvals can name."""

    id: UUID
    code: str
    name: str
    description: str
    permissions: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class RolePage(Page[RoleOut]):
    """Roles by name."""


class RoleIn(In):
    """A new role."""

    model_config = example(
        {"code": "buyer", "name": "Buyer", "permissions": ["records.view", "records.create"]}
    )

    code: Annotated[str, Field(max_length=80)]
    name: Text
    description: Annotated[str, Field(max_length=1000)] = ""
    permissions: list[Text] = Field(default_factory=list, max_length=200)


class RoleChange(In):
    """What a role is called and allows from now on."""

    model_config = example(
        {"name": "Buyer", "description": "", "permissions": ["records.view"], "version": 1}
    )

    name: Text
    description: Annotated[str, Field(max_length=1000)] = ""
    permissions: list[Text] = Field(max_length=200)
    version: int | None = None
