"""The event bus: a table of who follows what, filled by ``wiring.connect()`` alone."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from wfweb.events.outbox import enqueue
from wfweb.kernel.context import correlation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a target; subclasses say what and add plain values.

    ``before`` and ``after`` hold only what changed and never secrets: they are stored in the
    audit trail and in the outbox.
    """

    name: ClassVar[str] = "event"
    audit_type: ClassVar[str] = "UPDATED"

    target_type: str
    target_id: UUID
    target_label: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    details: Mapping[str, Any] | None = None
    instance_id: UUID | None = None
    request_id: UUID | None = None
    risk: str | None = None

    def payload(self) -> dict[str, Any]:
        """Return all values by name, as later reactions receive them."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {"event": self.name}


E = TypeVar("E", bound=Event)
NowReaction = Callable[[Any], None]

_now: dict[type[Event], list[NowReaction]] = defaultdict(list)
_later: dict[type[Event], list[str]] = defaultdict(list)


def subscribe_now(event_type: type[E], reaction: Callable[[E], None]) -> None:
    """Run a reaction inside the emitting transaction; ``Event`` itself means every event."""
    _now[event_type].append(reaction)


def subscribe_later(event_type: type[Event], kind: str) -> None:
    """Store an outbox message of this kind for every such event."""
    _later[event_type].append(kind)


def clear() -> None:
    """Forget all subscriptions, so that an application can be wired anew."""
    _now.clear()
    _later.clear()


def subscriptions() -> dict[str, tuple[list[str], list[str]]]:
    """Return event name -> (now reactions, later kinds), for the architecture tests."""
    types = {*_now, *_later}
    return {
        t.name: ([f"{r.__module__}.{r.__qualname__}" for r in _now[t]], list(_later[t]))
        for t in sorted(types, key=lambda t: t.name)
    }


def emit(event: Event) -> None:
    """Tell everybody: now-reactions in order, then one outbox row per later reaction."""
    kind_of_event = type(event)
    for reaction in _now.get(Event, ()):
        reaction(event)
    for reaction in _now.get(kind_of_event, ()):
        reaction(event)
    later = _later.get(kind_of_event)
    if later:
        payload = event.payload()
        for kind in later:
            enqueue(kind, payload, correlation=correlation_id())
