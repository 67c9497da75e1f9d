"""Who uses a calendar: higher features say so here, and a calendar in use is not deleted."""

from collections.abc import Callable
from dataclasses import dataclass

Counter = Callable[[str], int]
"""From a calendar's code to how many things of the current company use it."""

_counters: dict[str, Counter] = {}


@dataclass(frozen=True, slots=True)
class Use:
    """How many things of one kind use a calendar, e.g. 3 x "workflow definitions"."""

    what: str
    count: int


def register(name: str, count: Counter) -> None:
    """Let a feature say how many of its things use a calendar; ``name`` is plural, lower case."""
    _counters[name] = count


def clear() -> None:
    """Forget all users, so that an application can be wired anew."""
    _counters.clear()


def users_of(code: str) -> list[Use]:
    """Return what uses a calendar of the current company; an empty list when nothing does."""
    counted = [Use(name, count(code)) for name, count in _counters.items()]
    return [use for use in counted if use.count]
