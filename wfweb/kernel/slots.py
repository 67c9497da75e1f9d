"""Slots: named places on a page that a higher feature fills.

A page of a lower feature writes ``{{ slot("record.banner", record=record) }}``; wiring
fills the slot with functions that return rendered fragments. Drawn by the server with the
page, so nothing flashes in late.
"""

from collections import defaultdict
from collections.abc import Callable

from markupsafe import Markup

Fragment = Callable[..., str]
_fragments: dict[str, list[Fragment]] = defaultdict(list)


def fill(name: str, fragment: Fragment) -> None:
    """Add a fragment to a slot; fragments appear in the order they were added."""
    _fragments[name].append(fragment)


def slot(name: str, **context: object) -> Markup:
    """Return what fills a slot; empty when nothing does.

    Every fragment is the output of an autoescaped template, which is what makes joining
    them as markup safe.
    """
    return Markup("").join(Markup(fragment(**context)) for fragment in _fragments[name])  # noqa: S704


def clear() -> None:
    """Empty all slots, so that an application can be wired anew."""
    _fragments.clear()
