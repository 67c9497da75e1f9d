"""What happens to webhook endpoints."""

from dataclasses import dataclass
from typing import ClassVar

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointCreated(Event):
    """Another system will be told things."""

    name: ClassVar[str] = "webhook.created"
    audit_type: ClassVar[str] = "CREATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChanged(Event):
    """Its address, name or secret changed, or it was switched on or off."""

    name: ClassVar[str] = "webhook.changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStopped(Event):
    """It is gone for good or failed for days, and gets nothing any more."""

    name: ClassVar[str] = "webhook.stopped"
