"""Which events of a log are about a definition, and under which name.

A log may tell of several documents of one case, of every phase of an activity, and in two
words (status and sub-status). Three rules choose, each can be set by hand:

- *lifecycle*: where events say ``start``, ``complete`` and so on, only ``complete`` counts;
- *name*: ``activity``, or ``activity/sub`` when the definition names its steps like that;
- *subject*: when all steps that people take begin with the same words (``Permit ``, ``A_``),
  events that begin otherwise are about another document, unless the definition names them.
  Without such a beginning every event is about the definition, and an unknown one is refused.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wfweb.replay.cases import Case, LogEvent
from wfweb.workflow.schemas import SYSTEM_ROLE, DefinitionBody

_WORD_ENDS = re.compile(r"^.*[ _/:.-]")


@dataclass(frozen=True, slots=True)
class Selection:
    """How events are chosen and named."""

    names: frozenset[str]
    subject: str = ""
    lifecycle: str | None = "complete"
    with_sub: bool = False

    def name_of(self, event: LogEvent) -> str | None:
        """Return the step an event stands for, or nothing when it is not about the definition."""
        phase = event.lifecycle.lower() if event.lifecycle is not None else None
        if self.lifecycle is not None and phase not in {None, self.lifecycle}:
            return None
        name = f"{event.activity}/{event.sub}" if self.with_sub and event.sub else event.activity
        if name in self.names or name.startswith(self.subject):
            return name
        return None


def step_names(body: DefinitionBody) -> frozenset[str]:
    """Return all names under which events can ask for a step."""
    named = {way.event for way in body.transitions if way.event is not None}
    return frozenset(named | {way.code for way in body.transitions})


def subject_of(body: DefinitionBody) -> str:
    """Return the whole words all people's steps begin with; empty when they differ."""
    steps = sorted({w.event or w.code for w in body.transitions if w.role != SYSTEM_ROLE})
    if len(steps) < 2:  # noqa: PLR2004 - one name has nothing in common with others
        return ""
    # Of sorted texts the first and the last have the beginning that all of them share.
    first, last = steps[0], steps[-1]
    same = next(
        (n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first)
    )
    found = _WORD_ENDS.match(first[:same])
    return found.group(0) if found else ""


def choose(
    body: DefinitionBody,
    cases: Sequence[Case],
    *,
    only: str | None = None,
    lifecycle: str = "auto",
) -> Selection:
    """Return the selection for a definition and a log.

    :param only: the beginning of the names that count, instead of the automatic one.
    :param lifecycle: ``auto`` for ``complete``, ``all``, or the phase that counts.
    """
    names = step_names(body)
    plain, joined = _counts(names, (event for case in cases for event in case.events))
    return Selection(
        names,
        subject=subject_of(body) if only is None else only,
        lifecycle={"auto": "complete", "all": None}.get(lifecycle, lifecycle.lower()),
        with_sub=joined > plain,
    )


def _counts(names: frozenset[str], events: Iterable[LogEvent]) -> tuple[int, int]:
    plain = joined = 0
    for event in events:
        plain += event.activity in names
        joined += event.sub is not None and f"{event.activity}/{event.sub}" in names
    return plain, joined
