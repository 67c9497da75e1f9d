"""Checking a definition before it is published (ENG-8): every problem names its place."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError

from wfweb.kernel import clock
from wfweb.workflow import graph
from wfweb.workflow.approval_checks import approval_problems
from wfweb.workflow.catalogue import Catalogue
from wfweb.workflow.compiled import all_actions
from wfweb.workflow.exchange import parse
from wfweb.workflow.problems import Problem
from wfweb.workflow.reference_checks import reference_problems
from wfweb.workflow.schemas import ANSWERS, DefinitionBody, State

Check = Callable[[DefinitionBody], Iterator[Problem]]


def validate(data: dict[str, Any], catalogue: Catalogue | None = None) -> list[Problem]:
    """Return everything wrong with a definition: its form, its graph, what it refers to."""
    body, problems = parse(data)
    return problems if body is None else validate_body(body, catalogue)


def validate_body(body: DefinitionBody, catalogue: Catalogue | None = None) -> list[Problem]:
    """Return everything wrong with a well-formed definition, errors first."""
    found = [problem for check in _CHECKS for problem in check(body)]
    found += approval_problems(body, catalogue or Catalogue())
    found += reference_problems(body, catalogue or Catalogue())
    return sorted(found, key=lambda problem: problem.severity)


def _name(body: DefinitionBody, code: str) -> str:
    return next((state.name for state in body.states if state.code == code), code)


def _duplicates(body: DefinitionBody) -> Iterator[Problem]:
    lists = {
        "states": [state.code for state in body.states],
        "transitions": [way.code for way in body.transitions],
    }
    for what, codes in lists.items():
        seen: dict[str, int] = {}
        for number, code in enumerate(codes):
            if code in seen:
                message = f"“{code}” is already the code of /{what}/{seen[code]}"
                yield Problem(f"/{what}/{number}/code", message, "duplicate")
            seen.setdefault(code, number)


def _ends_of_transitions(body: DefinitionBody) -> Iterator[Problem]:
    known = {state.code: state for state in body.states}
    for number, way in enumerate(body.transitions):
        place = f"/transitions/{number}"
        for member, code in (("from", way.from_state), ("to", way.to)):
            if code not in known:
                yield Problem(f"{place}/{member}", f"there is no state “{code}”", "unknown_state")
        start = known.get(way.from_state)
        if start is not None and start.type == "end":
            message = f"“{start.name}” is an end; nothing leads out of it (use final for a rest)"
            yield Problem(f"{place}/from", message, "leaves_end")
        answered = way.trigger in ANSWERS
        if start is not None and answered and start.type != "approval":
            message = f"“{start.name}” is no approval, so nothing is approved or rejected there"
            yield Problem(f"{place}/trigger", message, "trigger")
        if way.trigger != "user_action" and (way.role or way.permission):
            member = "role" if way.role else "permission"
            message = f"a way out by {way.trigger} asks nobody, so it takes no {member}"
            yield Problem(f"{place}/{member}", message, "unused", "warning")


def _start_and_end(body: DefinitionBody) -> Iterator[Problem]:
    starts = [(n, state) for n, state in enumerate(body.states) if state.type == "start"]
    if not starts:
        yield Problem("/states", "one state has to be of type start", "no_start")
    for number, state in starts[1:]:
        message = f"“{state.name}” is a second start; one is needed"
        yield Problem(f"/states/{number}/type", message, "second_start")
    if not any(_rests(state) for state in body.states):
        message = "no state is an end; add one of type end, or mark one as final"
        yield Problem("/states", message, "no_end")


def _rests(state: State) -> bool:
    return state.type == "end" or state.final


def _pairs(body: DefinitionBody) -> list[tuple[str, str]]:
    known = {state.code for state in body.states}
    return [(w.from_state, w.to) for w in body.transitions if {w.from_state, w.to} <= known]


def _reachability(body: DefinitionBody) -> Iterator[Problem]:
    edges = graph.edges_of(_pairs(body))
    starts = [state.code for state in body.states if state.type == "start"]
    rests = [state.code for state in body.states if _rests(state)]
    forward = graph.reachable(edges, starts)
    backward = graph.reachable(graph.reversed_edges(edges), rests)
    if starts and rests and not forward & set(rests):
        yield Problem("/states", "no end can be reached from the start", "end_unreachable")
    for number, state in enumerate(body.states):
        place = f"/states/{number}"
        if starts and state.code not in forward and state.type != "error":
            yield Problem(place, f"“{state.name}” can never be reached", "unreachable")
        elif not edges.get(state.code) and not _rests(state) and state.type != "error":
            message = f"“{state.name}” has no way out and is not an end"
            yield Problem(place, message, "dead_end")
        elif rests and state.code not in backward and state.type != "error":
            message = f"from “{state.name}” no end can be reached"
            yield Problem(place, message, "no_way_to_end")


def _automatic_edges(body: DefinitionBody) -> dict[str, list[str]]:
    """Return the steps that time or the machine takes without asking anybody or anything."""
    pairs = [
        (way.from_state, way.to)
        for way in body.transitions
        if way.trigger in {"timeout", "condition"} and way.condition is None
    ]
    return graph.edges_of(pairs)


def _timeout_loops(body: DefinitionBody) -> Iterator[Problem]:
    cycle = graph.a_cycle(_automatic_edges(body))
    if cycle is not None:
        names = " → ".join(f"“{_name(body, code)}”" for code in [*cycle, cycle[0]])
        number = next(
            n
            for n, way in enumerate(body.transitions)
            if way.from_state == cycle[-1] and way.to == cycle[0]
        )
        message = f"{names} goes round for ever without anybody acting"
        yield Problem(f"/transitions/{number}", message, "endless_loop")


def _timeouts(body: DefinitionBody) -> Iterator[Problem]:
    by_state = Counter((way.from_state, way.trigger) for way in body.transitions)
    for number, state in enumerate(body.states):
        place = f"/states/{number}"
        ways = by_state[(state.code, "timeout")]
        if ways and state.timeout_hours is None:
            message = f"“{state.name}” has a way out by timeout but no timeout_hours"
            yield Problem(f"{place}/timeout_hours", message, "timeout")
        if state.timeout_action and state.timeout_hours is None:
            message = "a timeout_action needs timeout_hours"
            yield Problem(f"{place}/timeout_action", message, "timeout")
        if state.timeout_hours is not None and not state.timeout_action and not ways:
            message = f"say what happens when “{state.name}” times out: timeout_action"
            yield Problem(f"{place}/timeout_hours", message, "timeout")
        if state.timeout_action in {"auto_approve", "auto_reject"}:
            yield Problem(f"{place}/timeout_action", _no_answer_by_clock(state), "timeout")
        if state.type == "end" and (state.timeout_hours or state.on_exit):
            yield Problem(place, f"“{state.name}” is an end and is never left", "end_left")


def _no_answer_by_clock(state: State) -> str:
    """Only a level answers by itself: there it is a decision, with a row and an audit entry."""
    if state.type != "approval":
        return f"“{state.name}” is no approval, so it cannot {state.timeout_action}"
    return (
        f"a state cannot {state.timeout_action}: give the levels of “{state.name}”"
        f" due_hours and timeout_action: {state.timeout_action} instead"
    )


def _ways_around_an_approval(body: DefinitionBody) -> Iterator[Problem]:
    """Ways out of an approval state that would pass over whom it asks."""
    known = {state.code: state for state in body.states}
    agreed = {(w.from_state, w.to) for w in body.transitions if w.trigger == "approval"}
    for number, way in enumerate(body.transitions):
        start, after = known.get(way.from_state), known.get(way.to)
        if start is None or after is None or start.type != "approval":
            continue
        place = f"/transitions/{number}/trigger"
        if way.trigger not in ANSWERS and (way.from_state, way.to) in agreed:
            message = (
                f"this would lead to “{after.name}” as if it were approved; only an approval"
                f" leads there (the levels of “{start.name}” may have an auto_approve rule, or"
                " due_hours and a timeout_action)"
            )
            yield Problem(place, message, "around_approval")
        elif way.trigger in {"user_action", "condition"} and after.type not in {"end", "error"}:
            message = (
                f"a step from “{start.name}” to “{after.name}” would pass over whom it asks:"
                " use trigger: rejection with event: withdraw or event: send_back"
            )
            yield Problem(place, message, "around_approval")


def _answers_by_actions(body: DefinitionBody) -> Iterator[Problem]:
    """Actions that would take the way of an answer that nobody gave."""
    answers = {name for w in body.transitions if w.trigger in ANSWERS for name in (w.code, w.event)}
    for place, call in all_actions(body):
        step = call.parameters.get("transition")
        if call.action in {"transition", "wait"} and isinstance(step, str) and step in answers:
            message = f"“{step}” is the answer of an approval; only its approvers give it"
            yield Problem(f"{place}/transition", message, "around_approval")


def _ambiguous(body: DefinitionBody) -> Iterator[Problem]:
    """Two ways out under one name, one asking nothing: the second is never taken."""
    open_ways: dict[tuple[str, str], str] = {}
    ordered = sorted(enumerate(body.transitions), key=lambda pair: pair[1].sequence)
    for number, way in ordered:
        if way.trigger in ANSWERS and way.event not in {None, way.trigger}:
            key = (way.from_state, f"{way.trigger} {way.event}")
        elif way.trigger == "user_action":
            key = (way.from_state, way.event or way.code)
        else:
            key = (way.from_state, way.trigger)
        if key in open_ways:
            message = f"is never taken: “{open_ways[key]}” comes first and asks nothing"
            yield Problem(f"/transitions/{number}", message, "shadowed", "warning")
        if way.condition is None and way.role is None and way.permission is None:
            open_ways.setdefault(key, way.code)


def _trigger(body: DefinitionBody) -> Iterator[Problem]:
    if body.trigger != "scheduled" and body.schedule is not None:
        yield Problem("/schedule", "a schedule needs the trigger scheduled", "schedule")
    if body.trigger == "scheduled" and body.schedule is None:
        yield Problem("/schedule", "the trigger scheduled needs a schedule", "schedule")
    if body.trigger == "on_condition" and not body.trigger_condition:
        message = "the trigger on_condition needs a condition"
        yield Problem("/trigger_condition", message, "trigger")
    if body.trigger in {"on_create", "on_write", "on_condition"} and body.record_type is None:
        message = f"the trigger {body.trigger} needs a record type"
        yield Problem("/record_type", message, "trigger")
    if body.schedule is not None:
        yield from _schedule(body.schedule.cron, body.schedule.time_zone)


def _schedule(cron: str, time_zone: str) -> Iterator[Problem]:
    try:
        if len(cron.split()) != 5:  # noqa: PLR2004 - minute hour day month weekday
            raise CronSimError("five parts are needed")  # noqa: TRY301
        next(CronSim(cron, clock.now()))
    except (CronSimError, StopIteration) as error:
        message = f"“{cron}” is not a schedule that ever comes: {error}".rstrip(": ")
        yield Problem("/schedule/cron", message, "schedule")
    if time_zone not in available_timezones():
        yield Problem("/schedule/time_zone", f"“{time_zone}” is no time zone", "schedule")


_CHECKS: tuple[Check, ...] = (
    _duplicates,
    _ends_of_transitions,
    _start_and_end,
    _reachability,
    _timeout_loops,
    _timeouts,
    _ways_around_an_approval,
    _answers_by_actions,
    _ambiguous,
    _trigger,
)
