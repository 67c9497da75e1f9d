"""Running a log through the engine's verbs, in order of time, with the clock of the log."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from wfweb.kernel import clock
from wfweb.kernel.db import session, transaction
from wfweb.kernel.ids import new_id
from wfweb.kernel.journal import journal
from wfweb.replay.cases import Case
from wfweb.replay.clock_file import ClockFile
from wfweb.replay.clocks import Watch
from wfweb.replay.material import Records, needs_records
from wfweb.replay.results import Results
from wfweb.replay.run import Plan, Run, Step
from wfweb.replay.selection import Selection
from wfweb.replay.trial import prune
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
class Options:
    """How a replay runs.

    :param batch: events written together in the one transaction of the run.
    :param commit_each: a transaction for every event, as people would act; rows stay.
    :param keep: keep the trial company instead of rolling it back.
    :param clock: an SLA clock to run beside every case.
    """

    batch: int = BATCH
    commit_each: bool = False
    keep: bool = False
    clock: ClockFile | None = None


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
    codes = {state.name: state.code for state in body.states}
    watch = Watch(options.clock, codes) if options.clock is not None else None
    plan = Plan(new_id(), body, steps, records, watch)
    began = time.perf_counter()
    if options.commit_each:
        results = _commit_each(plan, progress)
    else:
        results = _in_one(plan, options, progress)
    results.seconds = time.perf_counter() - began
    results.left_out = sum(len(case.events) for case in cases) - len(steps)
    results.notes = notes
    results.watch = watch
    return results


def _in_one(plan: Plan, options: Options, progress: Progress | None) -> Results:
    """Run everything in one transaction, which is taken back unless it is to be kept."""
    results = Results({})
    steps = plan.steps
    try:
        with transaction(company_id=plan.company_id, system=True):
            run = Run(plan, results, by_id=plan.records is not None)
            for start in range(0, len(steps), options.batch):
                chunk = steps[start : start + options.batch]
                for step in chunk:
                    run.send(step)
                journal().flush()
                if progress is not None:
                    progress(len(chunk))
            run.end()
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
        run = Run(plan, Results({}), by_id=True, apart=True)
        _silence(run)
    for step in plan.steps:
        run.send(step)
        if progress is not None:
            progress(1)
    run.end()
    with transaction(company_id=plan.company_id):
        _silence(run)
    return run.results


def _silence(run: Run) -> None:
    """A trial sends nothing and wakes nobody: its effects are marked as not sent."""
    journal().flush()
    company = run.trial.company_id
    session().execute(_NOT_SENT, {"company": company, "now": clock.now()})
    session().execute(_NOT_FIRED, {"company": company})
