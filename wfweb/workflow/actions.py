"""The action registry: what states and transitions can do, with a schema for each (ENG-7).

Filled by wiring, so that a definition can ask for what a higher feature does (a lock, an
alert) without knowing that feature. A name that nobody registered is refused when saved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wfweb.workflow import texts
from wfweb.workflow.facts import Facts
from wfweb.workflow.loading import Loaded
from wfweb.workflow.schemas import ActionCall, Transition

Schema = Mapping[str, Any]


@dataclass(slots=True)
class ActionContext:
    """What an action is given: the instance, what can be looked at, and the step."""

    loaded: Loaded
    facts: Facts
    way: Transition | None
    comment: str | None

    def text(self, template: str) -> str:
        """Fill a template such as ``{{record.title}}``."""
        return texts.render(template, self.facts)

    def value(self, given: Any) -> Any:
        """Fill every text inside a value; a text that is one place alone keeps its type."""
        if isinstance(given, str):
            inner = given.strip()
            if inner.startswith("{{") and inner.endswith("}}") and inner.count("{{") == 1:
                return texts.lookup(self.facts, inner[2:-2].strip())
            return self.text(given)
        if isinstance(given, dict):
            return {key: self.value(inner) for key, inner in given.items()}
        if isinstance(given, list):
            return [self.value(inner) for inner in given]
        return given


Run = Callable[[ActionContext, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Action:
    """One registered action."""

    code: str
    label: str
    schema: Schema
    run: Run


_registry: dict[str, Action] = {}


def register(code: str, label: str, schema: Schema, run: Run) -> None:
    """Offer an action to definitions; only ``wiring.connect()`` calls this.

    :param schema: JSON Schema of the parameters, an object.
    """
    _registry[code] = Action(code, label, schema, run)


def clear() -> None:
    """Forget all actions, so that an application can be wired anew."""
    _registry.clear()


def registered() -> Mapping[str, Action]:
    """Return the actions there are, by code."""
    return dict(_registry)


def find(call: ActionCall) -> Action:
    """Return the action a definition asks for.

    :raises LookupError: when it is not offered (any more).
    """
    found = _registry.get(call.action)
    if found is None:
        message = f"there is no action “{call.action}”"
        raise LookupError(message)
    return found
