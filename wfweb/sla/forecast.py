"""Which running clocks will probably breach, learnt from how long past ones took.

The rule is one sentence, so that anybody can check it: of the past clocks of the same definition
(of the same team, when it has enough of them) that took longer than this one has taken so far,
how many used up the whole target? Durations are business seconds, pauses left out.

The same rule is tried on the past, each time with what was known at that moment only; how often
it was right is shown beside every forecast.
"""

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

ENOUGH = 10
"""Under this many comparable past clocks nothing is forecast."""
LIKELY = 0.5
"""From this chance on a clock is called likely to breach."""


class Past(NamedTuple):
    """A clock that has ended: whose, when, how long it took and might have taken."""

    definition_id: UUID
    team: str
    ended_at: datetime
    took: int
    target: int


@dataclass(frozen=True, slots=True)
class Chance:
    """The chance of a breach: ``late`` of ``comparable`` past clocks; from one team or all."""

    late: int
    comparable: int
    of_team: bool

    @property
    def share(self) -> float:
        """The chance, 0 to 1."""
        return self.late / self.comparable

    @property
    def likely(self) -> bool:
        """Tell whether a breach is more likely than not."""
        return self.share >= LIKELY


@dataclass(slots=True)
class Experience:
    """How long past clocks took as a share of their target, by definition and team."""

    _all: dict[UUID, list[float]] = field(default_factory=lambda: defaultdict(list))
    _teams: dict[tuple[UUID, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, past: Past) -> None:
        """Add a clock that has ended; one without a target teaches nothing."""
        if past.target <= 0:
            return
        share = past.took / past.target
        insort(self._all[past.definition_id], share)
        if past.team:
            insort(self._teams[past.definition_id, past.team], share)

    def note(self, definition_id: UUID, team: str, shares: Sequence[float]) -> None:
        """Add clocks out of order; :meth:`sort` has to follow before anything is asked."""
        self._all[definition_id] += shares
        if team:
            self._teams[definition_id, team] += shares

    def sort(self) -> None:
        """Bring what was noted into order: quicker than one by one, when there is much."""
        for shares in (*self._all.values(), *self._teams.values()):
            shares.sort()

    def chance(self, definition_id: UUID, team: str, used: float) -> Chance | None:
        """Return the chance of a breach for a clock that has used a share of its target.

        :param used: 1.0 is the whole target.
        :returns: None when too few past clocks took longer than this one already has.
        """
        if used >= 1:
            return None
        for of_team, shares in (
            (True, self._teams.get((definition_id, team), [])),
            (False, self._all.get(definition_id, [])),
        ):
            comparable = len(shares) - bisect_right(shares, used)
            if comparable >= ENOUGH:
                return Chance(len(shares) - bisect_left(shares, 1.0), comparable, of_team)
        return None


def experience(past: Iterable[Past]) -> Experience:
    """Return what past clocks teach; quickest when those of a definition and team come together."""
    known = Experience()
    for (definition_id, team), some in groupby(past, key=attrgetter("definition_id", "team")):
        shares = [one.took / one.target for one in some if one.target > 0]
        known.note(definition_id, team, shares)
    known.sort()
    return known


class Trial(NamedTuple):
    """One look back: at ``at`` a past clock had used a share of its target; so did it breach."""

    definition_id: UUID
    team: str
    at: datetime
    used: float
    breached: bool


@dataclass(frozen=True, slots=True)
class HitRate:
    """How the forecast did on the past.

    ``announced`` of which ``right`` breached; ``breaches`` of which ``missed`` were not announced;
    ``silent`` times there was too little experience to say anything.
    """

    tried: int
    announced: int
    right: int
    breaches: int
    missed: int
    silent: int

    @property
    def hits(self) -> int:
        """How often it said the right thing, late or in time."""
        wrong = self.announced - self.right + self.missed
        return self.tried - wrong


def look_back(past: Sequence[Past], trials: Iterable[Trial]) -> HitRate:
    """Return how the forecast would have done, knowing at each moment only what had ended before.

    :param past: every ended clock that may be learnt from, in any order.
    """
    asked = sorted(trials, key=lambda one: one.at)
    if not asked:
        return HitRate(0, 0, 0, 0, 0, 0)
    # What had ended before the first of them is learnt at once, which is quicker than one by one.
    first, at = asked[0].at, 0
    known = experience(one for one in past if one.ended_at < first)
    waiting = sorted((one for one in past if one.ended_at >= first), key=lambda one: one.ended_at)
    tried = announced = right = breaches = missed = silent = 0
    for trial in asked:
        while at < len(waiting) and waiting[at].ended_at < trial.at:
            known.learn(waiting[at])
            at += 1
        chance = known.chance(trial.definition_id, trial.team, trial.used)
        if chance is None:
            silent += 1
            continue
        tried += 1
        announced += chance.likely
        right += chance.likely and trial.breached
        breaches += trial.breached
        missed += trial.breached and not chance.likely
    return HitRate(tried, announced, right, breaches, missed, silent)
