"""Running a log through the engine's verbs, in order of time, with the clock of the log."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from wfweb.events import timers
from wfweb.kernel import clock
from wfweb.kernel.actor import acting_as, system_actor
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import Refusal
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.replay.logs import Case, LogEvent
from wfweb.replay.results import CaseResult, Results, note_move
from wfweb.replay.selection import Selection
from wfweb.replay.trial import Trial, prune, set_up
from wfweb.workflow import service
from wfweb.workflow.loading import Loaded
from wfweb.workflow.schemas import DefinitionBody

BATCH = 1000
_NOT_SENT = text(
    "update outbox_messages set state = 'done', done_at = :now, last_error = 'trial: not sent'"
    " where company_id = :company and state = 'pending'"
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
    company_id = new_id()
    roles = {step.event.role for step in steps}
    began = time.perf_counter()
    if options.commit_each:
        results = _commit_each(company_id, body, steps, roles, progress)
    else:
        results = _in_one(company_id, body, steps, roles, options, progress)
    results.seconds = time.perf_counter() - began
    results.left_out = sum(len(case.events) for case in cases) - len(steps)
    results.notes = notes
    return results


def _in_one(
    company_id: UUID,
    body: DefinitionBody,
    steps: Sequence[Step],
    roles: Iterable[str | None],
    options: Options,
    progress: Progress | None,
) -> Results:
    """Run everything in one transaction, which is taken back unless it is to be kept."""
    results = Results({})
    try:
        with transaction(company_id=company_id, system=True):
            run = _Run(set_up(company_id, body, roles), results)
            for start in range(0, len(steps), options.batch):
                chunk = steps[start : start + options.batch]
                for step in chunk:
                    run.send(step)
                journal().flush()
                if progress is not None:
                    progress(len(chunk))
            _silence(company_id, run)
            _end(keep=options.keep)
    except _TrialOver:
        pass
    return results


def _end(*, keep: bool) -> None:
    if not keep:
        raise _TrialOver


def _commit_each(
    company_id: UUID,
    body: DefinitionBody,
    steps: Sequence[Step],
    roles: Iterable[str | None],
    progress: Progress | None,
) -> Results:
    """Run every event as its own act: loaded, locked, decided, written, committed."""
    with transaction(company_id=company_id, system=True):
        run = _Run(set_up(company_id, body, roles), Results({}), by_id=True)
        _silence(company_id, run)
    for step in steps:
        run.send(step)
        if progress is not None:
            progress(1)
    with transaction(company_id=company_id):
        _silence(company_id, run)
    return run.results


def _silence(company_id: UUID, run: "_Run") -> None:
    """A trial sends nothing and wakes nobody: its effects are marked as not sent."""
    journal().flush()
    session().execute(_NOT_SENT, {"company": company_id, "now": clock.now()})
    if run.trial.definition.timed:
        timers.cancel(*run.instances.values())


class _Run:
    """The state of one run: an instance for each case, begun at its first event."""

    def __init__(self, trial: Trial, results: Results, *, by_id: bool = False) -> None:
        self.trial = trial
        self.results = results
        self.by_id = by_id
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
                loaded = self._fire(step)
            except Refusal:
                case.accepted += b"0"
                self.results.refused[(before, step.name)] += 1
                return
        case.accepted += b"1"
        case.state = loaded.state_name
        note_move(case, step.at, step.name, before, case.state)

    def _begin(self, step: Step) -> CaseResult:
        case_id = step.case.id
        context = {"case": case_id}
        with acting_as(system_actor(self.trial.company_id, channel="replay")):
            if self.by_id:
                with transaction():
                    loaded = service.start(self.trial.definition.code, context=context)
            else:
                trial = self.trial
                loaded = service.start_loaded(
                    trial.definition_id, trial.definition, context=context
                )
                self._loaded[case_id] = loaded
        self.instances[case_id] = loaded.id
        case = CaseResult(case_id, loaded.state_name, first_at=step.at)
        self.results.cases[case_id] = case
        return case

    def _fire(self, step: Step) -> Loaded:
        if self.by_id:
            with transaction():
                return service.fire(
                    self.instances[step.case.id], step.name, comment=step.event.comment
                )
        loaded = self._loaded[step.case.id]
        return service.fire_loaded(loaded, step.name, comment=step.event.comment)
