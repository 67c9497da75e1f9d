"""Running a log through the engine's verbs, in order of time, with the clock of the log."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from wfweb.identity.service.companies import create_company
from wfweb.kernel import clock
from wfweb.kernel.actor import acting_as, system_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal, savepoint
from wfweb.replay.answering import answer_of, give
from wfweb.replay.cases import Case, LogEvent
from wfweb.replay.material import Records, needs_records
from wfweb.replay.results import CaseResult, Results, note_move
from wfweb.replay.selection import Selection
from wfweb.replay.trial import NAME, Trial, prune, set_up
from wfweb.workflow import service
from wfweb.workflow.loading import Loaded, load
from wfweb.workflow.schemas import DefinitionBody

BATCH = 1000
_NOT_SENT = text(
    "update outbox_messages set state = 'done', done_at = :now, last_error = 'trial: not sent'"
    " where company_id = :company and state = 'pending'"
)
_NOT_FIRED = text(
    "update timers set state = 'cancelled' where company_id = :company and state = 'armed'"
)
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One event to send: when, to which case, under which step name."""

    at: datetime
    case: Case
    name: str
    event: LogEvent


@dataclass(frozen=True, slots=True)
class Options:
    """How a replay runs.

    :param batch: events written together in the one transaction of the run.
    :param commit_each: a transaction for every event, as people would act; rows stay.
    :param keep: keep the trial company instead of rolling it back.
    """

    batch: int = BATCH
    commit_each: bool = False
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What one replay runs, in which company."""

    company_id: UUID
    body: DefinitionBody
    steps: Sequence[Step]
    records: Records | None


class _TrialOver(Exception):  # noqa: N818 - the ordinary end: takes everything back
    """Ends the transaction of a trial."""


def steps_in_order(cases: Sequence[Case], selection: Selection) -> list[Step]:
    """Return the events about the definition in order of time over the whole log.

    The sort is stable and times never go back within a case, so events of the same instant
    stay in the order of the log.
    """
    steps = [
        Step(event.at, case, name, event)
        for case in cases
        for event in case.events
        if (name := selection.name_of(event)) is not None
    ]
    return sorted(steps, key=lambda step: step.at)


def replay(
    body: DefinitionBody,
    cases: Sequence[Case],
    selection: Selection,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Results:
    """Run a log through a definition and return what was accepted, refused and reached.

    :raises ValidationFailed: when the definition may not be published.
    """
    options = options or Options()
    steps = steps_in_order(cases, selection)
    body, notes = prune(body)
    records = Records(body, cases) if needs_records(body) else None
    if records is not None:
        body = body.model_copy(update={"record_type": records.code})
    plan = Plan(new_id(), body, steps, records)
    began = time.perf_counter()
    if options.commit_each:
        results = _commit_each(plan, progress)
    else:
        results = _in_one(plan, options, progress)
    results.seconds = time.perf_counter() - began
    results.left_out = sum(len(case.events) for case in cases) - len(steps)
    results.notes = notes
    return results


def _in_one(plan: Plan, options: Options, progress: Progress | None) -> Results:
    """Run everything in one transaction, which is taken back unless it is to be kept."""
    results = Results({})
    steps = plan.steps
    try:
        with transaction(company_id=plan.company_id, system=True):
            run = _Run(plan, results, by_id=plan.records is not None)
            for start in range(0, len(steps), options.batch):
                chunk = steps[start : start + options.batch]
                for step in chunk:
                    run.send(step)
                journal().flush()
                if progress is not None:
                    progress(len(chunk))
            _silence(run)
            _end(keep=options.keep)
    except _TrialOver:
        pass
    return results


def _end(*, keep: bool) -> None:
    if not keep:
        raise _TrialOver


def _commit_each(plan: Plan, progress: Progress | None) -> Results:
    """Run every event as its own act: loaded, locked, decided, written, committed."""
    with transaction(company_id=plan.company_id, system=True):
        run = _Run(plan, Results({}), by_id=True, apart=True)
        _silence(run)
    for step in plan.steps:
        run.send(step)
        if progress is not None:
            progress(1)
    with transaction(company_id=plan.company_id):
        _silence(run)
    return run.results


def _silence(run: "_Run") -> None:
    """A trial sends nothing and wakes nobody: its effects are marked as not sent."""
    journal().flush()
    company = run.trial.company_id
    session().execute(_NOT_SENT, {"company": company, "now": clock.now()})
    session().execute(_NOT_FIRED, {"company": company})


class _Run:
    """The state of one run: an instance for each case, begun at its first event.

    :param by_id: load every instance anew, because others may have changed it.
    :param apart: every event is a transaction of its own, so a refusal takes nothing else back.
    """

    def __init__(self, plan: Plan, results: Results, *, by_id: bool, apart: bool = False) -> None:
        doers = {(step.event.role, step.event.resource) for step in plan.steps}
        self.records = plan.records
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
        """Send one event as the role it names; a refusal is a result, not an error."""
        actor = self.trial.actor(step.event.role, step.event.resource)
        case = self.results.cases.get(step.case.id)
        with clock.at(step.at), acting_as(actor):
            if case is None:
                case = self._begin(step)
            before = case.state
            case.last_at = step.at
            try:
                loaded = self._fire(step) if self.by_id else self._fire_loaded(step)
            except Refusal:
                case.accepted += b"0"
                self.results.refused[(before, step.name)] += 1
                return
        case.accepted += b"1"
        case.state = loaded.state_name
        note_move(case, step.at, step.name, before, case.state)

    def _begin(self, step: Step) -> CaseResult:
        trial, context = self.trial, {"case": step.case.id}
        if self.records is not None:
            # Whoever sends the first event asks for what follows, so the record is theirs.
            with transaction():
                record_id = self.records.make(step.case)
                loaded = service.start(trial.definition.code, record_id, context=context)
        else:
            with acting_as(system_actor(trial.company_id, channel="replay")):
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
