"""One run of a log: every event sent through the verbs, with what clocks do by themselves."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from wfweb.identity.service.companies import create_company
from wfweb.kernel import clock
from wfweb.kernel.actor import Actor, acting_as, system_actor
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.journal import savepoint
from wfweb.replay.answering import answer_of, give
from wfweb.replay.cases import Case, LogEvent
from wfweb.replay.clocks import CaseClock, Watch
from wfweb.replay.material import Records
from wfweb.replay.results import CaseResult, Results, note_move
from wfweb.replay.trial import NAME, Trial, set_up
from wfweb.workflow import service
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.schemas import DefinitionBody

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One event to send: when, to which case, under which step name."""

    at: datetime
    case: Case
    name: str
    event: LogEvent


@dataclass(frozen=True, slots=True)
class Plan:
    """What one replay runs, in which company."""

    company_id: UUID
    body: DefinitionBody
    steps: Sequence[Step]
    records: Records | None
    watch: Watch | None = None


class Run:
    """The state of one run: an instance for each case, begun at its first event.

    :param by_id: load every instance anew, because others may have changed it.
    :param apart: every event is a transaction of its own, so a refusal takes nothing else back.
    """

    def __init__(self, plan: Plan, results: Results, *, by_id: bool, apart: bool = False) -> None:
        doers = {(step.event.role, step.event.resource) for step in plan.steps}
        self.plan, self.watch, self.records = plan, plan.watch, plan.records
        create_company(plan.company_id, NAME)
        if self.records is not None:
            self.records.install()
        self.trial: Trial = set_up(plan.company_id, plan.body, doers)
        self.results = results
        self.by_id, self.apart = by_id, apart
        self.asks = any(state.type == "approval" for state in plan.body.states)
        self.instances: dict[str, UUID] = {}
        self._loaded: dict[str, Loaded] = {}

    def send(self, step: Step) -> None:
        """Send one event as the role it names; a refusal is a result, not an error.

        What clocks do by themselves comes before it; an event that tells of such a step is not
        sent again, but answered with what became of it.
        """
        own = self.watch is not None and step.name == self.watch.clock.takes
        if self.watch is not None:
            for due in self.watch.fallen_due(step.at, named=step.case.id if own else None):
                self._take(due)
        case = self._case_of(step)
        before = case.state
        case.last_at = step.at
        if own and self.watch is not None and step.case.id in self.watch.clocks:
            accepted = self.watch.clocks[step.case.id].took
        else:
            actor = self.trial.actor(step.event.role, step.event.resource)
            accepted = self._sent(case, step, actor)
        case.accepted += b"1" if accepted else b"0"
        if not accepted:
            self.results.refused[(before, step.name)] += 1

    def end(self) -> None:
        """Let clocks do what falls due by the end of the log, and look at each a last time."""
        if self.watch is None or not self.plan.steps:
            return
        last = self.plan.steps[-1].at
        for due in self.watch.fallen_due(last + SECOND):
            self._take(due)
        for found in list(self.watch.clocks.values()):
            self.watch.see(found.case, self.results.cases[found.case.id].state, last)

    def _take(self, due: CaseClock) -> None:
        """Take the step that a deadline takes by itself, as the system, at the due instant."""
        assert self.watch is not None  # noqa: S101 - only a watch knows what is due
        assert self.watch.clock.takes is not None  # noqa: S101 - and only with such a step
        assert due.taken_at is not None  # noqa: S101 - set by what yielded it
        event = LogEvent(due.taken_at, self.watch.clock.takes)
        step = Step(due.taken_at, due.case, self.watch.clock.takes, event)
        due.took = self._sent(self.results.cases[due.case.id], step, self._system())

    def _system(self) -> Actor:
        return system_actor(self.trial.company_id, channel="replay")

    def _case_of(self, step: Step) -> CaseResult:
        known = self.results.cases.get(step.case.id)
        if known is not None:
            return known
        actor = self.trial.actor(step.event.role, step.event.resource)
        with clock.at(step.at), acting_as(actor):
            return self._begin(step)

    def _sent(self, case: CaseResult, step: Step, actor: Actor) -> bool:
        """Take a step at its instant; tell whether it was accepted."""
        before = case.state
        with clock.at(step.at), acting_as(actor):
            try:
                loaded = self._fire(step) if self.by_id else self._fire_loaded(step)
            except Refusal:
                return False
        case.state = loaded.state_name
        note_move(case, step.at, step.name, before, case.state)
        if self.watch is not None:
            self.watch.see(step.case, case.state, step.at, step.name)
        return True

    def _begin(self, step: Step) -> CaseResult:
        trial, context = self.trial, {"case": step.case.id}
        if self.records is not None:
            # Whoever sends the first event asks for what follows, so the record is theirs.
            with transaction():
                record_id = self.records.make(step.case)
                loaded = service.start(trial.definition.code, record_id, context=context)
        else:
            with acting_as(self._system()):
                if self.by_id:
                    with transaction():
                        loaded = service.start(trial.definition.code, context=context)
                else:
                    loaded = service.start_loaded(
                        trial.definition_id, trial.definition, context=context
                    )
                    self._loaded[step.case.id] = loaded
        self.instances[step.case.id] = loaded.id
        case = CaseResult(step.case.id, loaded.state_name, first_at=step.at)
        self.results.cases[step.case.id] = case
        return case

    def _fire_loaded(self, step: Step) -> Loaded:
        loaded = self._loaded[step.case.id]
        return service.fire_loaded(loaded, step.name, comment=step.event.comment)

    def _fire(self, step: Step) -> Loaded:
        instance_id, comment = self.instances[step.case.id], step.event.comment
        with transaction(), nullcontext() if self.apart else savepoint():
            if self.asks:
                state = load(instance_id).state
                answer = answer_of(self.trial.definition, state, step.name)
                if answer is not None:
                    return give(instance_id, answer, comment)
            return service.fire(instance_id, step.name, comment=comment)
