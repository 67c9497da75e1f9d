"""The shapes of webhooks in the API."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, Page
from wfweb.kernel.api.schemas import example

Name = Annotated[str, Field(max_length=80)]
Url = Annotated[str, Field(max_length=2000)]


class EndpointOut(Out):
    """Another system that is told things. Its secret is shown on its page only."""

    id: UUID
    code: str
    name: str
    url: str
    active: bool
    stopped_because: str = Field(description="Why wfweb itself switched it off, if it did.")
    failing_since: datetime | None = Field(
        description="Since when it has taken nothing; after three days it is switched off."
    )
    rests_until: datetime | None = Field(description="Until when it is sent nothing.")
    version: int
    created_at: datetime
    updated_at: datetime


class EndpointWithSecretOut(EndpointOut):
    """A new endpoint, with the secret that signs what it gets (Standard Webhooks 1.0.0)."""

    secret: str


class EndpointPage(Page[EndpointOut]):
    """Endpoints by name."""


class EndpointIn(In):
    """A new endpoint."""

    model_config = example(
        {"code": "warehouse", "name": "Warehouse", "url": "https://warehouse.example.com/hooks"}
    )

    code: Annotated[str, Field(max_length=63)] = Field(
        description="What workflows call it by; never changes."
    )
    name: Name
    url: Url


class EndpointChange(In):
    """What is to be different; what is left out stays."""

    model_config = example({"active": False, "version": 1})

    name: Name | None = None
    url: Url | None = None
    active: bool | None = None
    version: int | None = None


class CallOut(Out):
    """One message to one endpoint."""

    id: UUID
    event: str
    payload: dict[str, Any]
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    answer_status: int | None
    error: str | None
    created_at: datetime
    delivered_at: datetime | None


class CallPage(Page[CallOut]):
    """Messages, newest first."""
