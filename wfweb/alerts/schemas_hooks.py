"""The shapes of endpoints for incoming webhooks in the API."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from wfweb.kernel.api import In, Out, VersionIn, example


class HookIn(In):
    """An endpoint to make."""

    model_config = example({"name": "Probe gateway", "purpose": "metrics"})

    name: str = Field(min_length=1, max_length=80)
    purpose: Literal["metrics", "event"] = Field(
        description="`metrics` takes readings in, `event` tells alert rules what happened."
    )
    secret: str | None = Field(
        default=None, max_length=200, description="The one the sender has; a new one without."
    )


class HookChangeIn(VersionIn):
    """What changes about an endpoint."""

    model_config = example({"version": 1, "active": False})

    name: str | None = Field(default=None, min_length=1, max_length=80)
    active: bool | None = None


class HookOut(Out):
    """An endpoint; its secret is shown only when it is new."""

    id: UUID
    name: str
    purpose: Literal["metrics", "event"]
    active: bool
    last_received_at: datetime | None
    received_count: int
    last_refusal: str | None = Field(description="Why the last message was refused.")
    version: int


class HookWithSecretOut(HookOut):
    """An endpoint with its new secret, and where to send to."""

    secret: str
    address: str


class HookList(Out):
    """Endpoints by name."""

    items: list[HookOut]
