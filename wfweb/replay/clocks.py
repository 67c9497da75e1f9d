"""SLA clocks beside a replay: judged after every step as on live work, counted by the same rules.

A case may have several rounds: after a stop, a definition with ``repeat`` starts again, and the
time of all rounds is one sum. Figures are those of the last change, as a kept clock shows them.
"""

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from wfweb.calendars import rules as business
from wfweb.kernel.ids import new_id
from wfweb.replay.cases import Case
from wfweb.replay.clock_file import ClockFile
from wfweb.sla import rules
from wfweb.sla.judging import Judge
from wfweb.sla.ledger import Happening, Ledger, Segment, after, whole
from wfweb.sla.subjects import Subject


@dataclass(frozen=True, slots=True)
class Figures:
    """What the clock of a case showed when it changed last."""

    ended: bool
    elapsed: int
    late: int
    level: str
    breached_at: datetime | None
    pauses: list[tuple[datetime, datetime]]


@dataclass(slots=True)
class CaseClock:
    """The clock of one case: the ledger of this round, and the stretches of earlier ones."""

    case: Case
    subject: Subject
    facts: dict[str, Any]
    terms: rules.Terms
    began: datetime
    ledger: Ledger = field(default_factory=Ledger)
    earlier: tuple[Segment, ...] = ()
    taken_at: datetime | None = None
    took: bool = False

    def told(self) -> Ledger:
        """All rounds as one ledger."""
        return Ledger((*self.earlier, *self.ledger.segments), self.ledger.ended)

    def tell(self, happening: Happening) -> None:
        """Let something happen to the clock."""
        self.ledger = after(self.ledger, happening)

    def due(self, calendar: business.Calendar) -> datetime | None:
        """When a running clock reaches its target; nothing for one that stands still."""
        running = self.ledger.open
        if running is None or running.kind != "run":
            return None
        return rules.read(self.terms, self.told(), calendar, running.start).due


class Watch:
    """The clocks of all cases of one replay."""

    def __init__(self, clock: ClockFile, codes: Mapping[str, str]) -> None:
        """:param codes: the code of each state by the name results use."""
        self.clock = clock
        self.codes = codes
        self.clocks: dict[str, CaseClock] = {}
        self._due: list[tuple[datetime, int, str]] = []
        self._number = count()

    def see(self, case: Case, state: str, at: datetime, step: str | None = None) -> None:
        """Judge a case after a step (or, without one, at the end of the log)."""
        found = self.clocks.get(case.id)
        judge = self._judge(case, found, state, at, {step} if step else ())
        if found is None or found.ledger.open is None:
            if found is None or self.clock.body.repeat:
                self._begin(case, found, judge)
        else:
            self._change(found, judge)
        self._plan(case.id)

    def _judge(
        self,
        case: Case,
        found: CaseClock | None,
        state: str,
        at: datetime,
        events: Collection[str],
    ) -> Judge:
        instance = {"state": self.codes.get(state, state), "state_name": state, "status": "active"}
        if found is not None:
            found.facts["instance"] = instance
            return Judge(found.subject, at, events)
        facts = {"record": dict(case.attributes), "instance": instance}
        made = Subject(type="instance", id=new_id(), title=case.id, created_at=at, facts=facts)
        return Judge(made, at, events)

    def _begin(self, case: Case, found: CaseClock | None, judge: Judge) -> None:
        body, calendar = self.clock.body, self.clock.calendar
        if not judge.applies(body) or judge.cancels(body):
            return
        # A log is told afterwards: a date that ends the clock may lie before the first step.
        by_date = body.stop is not None and body.stop.field is not None
        if not by_date and judge.ends(body.stop, calendar) is not None:
            return
        begins = judge.begins(body, calendar)
        if begins is None:
            return
        if found is None:
            terms = self._terms(judge, begins)
            facts: Any = judge.subject.facts
            found = self.clocks[case.id] = CaseClock(case, judge.subject, facts, terms, begins)
        else:
            found.earlier, found.ledger = found.told().segments, Ledger()
        found.tell(Happening(begins, "start"))
        self._change(found, judge)

    def _terms(self, judge: Judge, begins: datetime) -> rules.Terms:
        if self.clock.deadline is None:
            return self.clock.terms
        due = judge.instant(self.clock.deadline, self.clock.calendar)
        if due is None:
            return self.clock.terms
        target = business.between(self.clock.calendar, whole(begins), max(whole(due), begins))
        return rules.terms(max(1, target), self.clock.body.shares())

    def _change(self, found: CaseClock, judge: Judge) -> None:
        body = self.clock.body
        stops = judge.ends(body.stop, self.clock.calendar)
        reason = judge.pauses(body)
        if stops is not None:
            found.tell(Happening(stops, "stop"))
        elif judge.cancels(body) or not judge.applies(body):
            found.tell(Happening(judge.now, "cancel"))
        elif reason is not None:
            found.tell(Happening(judge.now, "pause", reason=reason))
        else:
            found.tell(Happening(judge.now, "resume"))

    def _plan(self, case_id: str) -> None:
        """Remember when a clock will take its step, unless it changes before."""
        found = self.clocks.get(case_id)
        if self.clock.takes is None or found is None or found.taken_at is not None:
            return
        due = found.due(self.clock.calendar)
        if due is not None:
            heapq.heappush(self._due, (due, next(self._number), case_id))

    def fallen_due(self, until: datetime, *, named: str | None = None) -> Iterator[CaseClock]:
        """Yield the clocks that take their step now, in the order in which they fell due.

        What happened in the same instant as a deadline came before it, except that the log's own
        step of that name (of the case ``named``) stands where it stands.
        """
        if named is not None and (found := self.clocks.get(named)) is not None:
            due = found.due(self.clock.calendar) if found.taken_at is None else None
            if due is not None and due <= until:
                found.taken_at = due
                yield found
        while self._due and self._due[0][0] < until:
            due, _number, case_id = heapq.heappop(self._due)
            found = self.clocks[case_id]
            if found.taken_at is None and found.due(self.clock.calendar) == due:
                found.taken_at = due
                yield found

    def figures(self, case_id: str) -> Figures | None:
        """Return what the clock of a case showed last; nothing when it never started."""
        found = self.clocks.get(case_id)
        if found is None:
            return None
        told = found.told()
        last = told.segments[-1]
        at = last.end or last.start
        reading = rules.read(found.terms, told, self.clock.calendar, at)
        return Figures(
            ended=told.open is None,
            elapsed=reading.elapsed,
            late=reading.overdue,
            level=reading.level,
            breached_at=reading.breached_at,
            pauses=[
                (one.start, one.end) for one in told.segments if one.kind == "pause" and one.end
            ],
        )
