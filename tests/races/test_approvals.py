"""Two to fifty people decide at once: nobody stuck, nothing doubled, one end (I-03, I-08)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.approvals.conftest import level
from tests.races.crowd import SIZES, Crowd, kinds
from wfweb.approvals import service as approvals
from wfweb.approvals.rows import Case
from wfweb.kernel.db import session, transaction
from wfweb.kernel.errors import AlreadyDecided, Conflict, Forbidden, Gone, Refusal, Stale
from wfweb.records import service as records
from wfweb.records.models import Record
from wfweb.workflow import service as workflow

pytestmark = [pytest.mark.committed, pytest.mark.slow]

NEEDED: dict[str, Callable[[int], int]] = {
    "any": lambda _n: 1,
    "all": lambda n: n,
    "majority": lambda n: n // 2 + 1,
    "n_of_m": lambda n: max(1, n - 1),
}


def rule(quorum: str, ordering: str, size: int) -> dict[str, Any]:
    more = {"min_approvers": NEEDED["n_of_m"](size)} if quorum == "n_of_m" else {}
    return level({"role": f"crowd_{size}"}, quorum=quorum, ordering=ordering, **more)


def decider(crowd: Crowd, case: Case, number: int, **more: Any) -> Callable[[], Any]:
    who = crowd.members[number]
    decision = more.pop("decision", "approve")
    return crowd.persistent(lambda: crowd.world.decide(who, case, decision, **more))


@pytest.mark.parametrize("ordering", ["parallel", "sequential"])
def test_everybody_approves_at_once(crowd: Crowd, ordering: str) -> None:
    for quorum, needed in NEEDED.items():
        for size in SIZES:
            case = crowd.world.ask(rule(quorum, ordering, size))
            outcomes = crowd.together([decider(crowd, case, n) for n in range(size)])
            what = (quorum, ordering, size)
            assert kinds(outcomes) == {"done": needed(size), "late": size - needed(size)} or (
                size == needed(size) and kinds(outcomes) == {"done": size}
            ), what
            facts = crowd.facts(case.request.id)
            assert crowd.world.state(case) == ("approved", "approved"), what
            assert facts["approve"] == facts["decided_seats"] == needed(size), what
            assert facts["deciders"] == needed(size), what
            assert (facts["open_seats"], facts["terminal"], facts["ended"]) == (0, 1, 1), what


@pytest.mark.parametrize("ordering", ["parallel", "sequential"])
@pytest.mark.parametrize("quorum", list(NEEDED))
def test_approvals_and_rejections_at_once(crowd: Crowd, quorum: str, ordering: str) -> None:
    for size in SIZES:
        for _trial in range(3 if size < 10 else 1):
            case = crowd.world.ask(rule(quorum, ordering, size))
            acts = [
                decider(crowd, case, n, decision="reject" if n % 2 else "approve")
                for n in range(size)
            ]
            outcomes = kinds(crowd.together(acts))
            what = (quorum, ordering, size, outcomes)
            assert set(outcomes) <= {"done", "late"}, what
            facts = crowd.facts(case.request.id)
            assert facts["approve"] + facts["reject"] == outcomes["done"], what
            assert facts["decided_seats"] == facts["deciders"] == outcomes["done"], what
            assert (facts["open_seats"], facts["terminal"], facts["ended"]) == (0, 1, 1), what
            needed = NEEDED[quorum](size)
            approved = facts["approve"] >= needed
            assert crowd.world.state(case) == (("approved",) * 2 if approved else ("rejected",) * 2)
            assert facts["approve"] <= needed, what


def test_the_last_two_votes_open_the_next_level_once(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("all", "parallel", 2), level("ada"))
    for _trial in range(10):
        case = crowd.world.submit()
        assert kinds(crowd.together([decider(crowd, case, n) for n in range(2)])) == {"done": 2}
        assert crowd.world.asked(case) == ["Ada"]
        assert crowd.facts(case.request.id)["open_seats"] == 1


def test_a_double_click_is_one_decision_with_one_answer(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("all", "parallel", 3))
    for trial in range(8):
        case = crowd.world.submit()
        clicks = [decider(crowd, case, 0, idempotency_key=f"click-{trial}")] * 4
        outcomes = crowd.together(clicks)
        assert kinds(outcomes) == {"done": 4}
        assert len({one.decision_id for one in outcomes}) == 1
        assert sorted(one.repeated for one in outcomes) == [False, True, True, True]
        assert {one.request_status for one in outcomes} == {"pending"}
        assert crowd.facts(case.request.id)["approve"] == 1


def test_two_tabs_approve_and_reject_at_once(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("all", "parallel", 2))
    for _trial in range(8):
        case = crowd.world.submit()
        outcomes = crowd.together(
            [decider(crowd, case, 0), decider(crowd, case, 0, decision="reject")]
        )
        assert kinds(outcomes) == {"done": 1, "late": 1}


def withdrawal(crowd: Crowd, case: Case) -> Callable[[], Any]:
    def act() -> Any:
        with transaction(actor=crowd.world.people.rui.actor):
            return approvals.withdraw(case.request.id)

    return act


def test_approve_and_withdraw_at_once(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("any", "parallel", 2))
    seen = set()
    for _trial in range(15):
        case = crowd.world.submit()
        decided, withdrawn = crowd.together([decider(crowd, case, 0), withdrawal(crowd, case)])
        status, state = crowd.world.state(case)
        seen.add(status)
        facts = crowd.facts(case.request.id)
        if status == "approved":
            assert state == "approved"
            assert isinstance(withdrawn, Gone)
            assert (facts["approve"], facts["withdraw"]) == (1, 0)
        else:
            assert (status, state) == ("cancelled", "asked")
            assert isinstance(decided, AlreadyDecided)
            assert (facts["approve"], facts["withdraw"]) == (0, 1)
        assert (facts["open_seats"], facts["ended"]) == (0, 1)
    assert seen <= {"approved", "cancelled"}


def edit(crowd: Crowd, case: Case) -> Callable[[], Any]:
    def act() -> Any:
        with transaction(actor=crowd.world.people.rui.actor):
            version = session().get_one(Record, case.request.record_id).version
            records.update_record(case.request.record_id, {"subject": "Gold"}, version=version)

    return act


@pytest.mark.parametrize("mode", ["refuse", "restart", "affected"])
def test_approve_and_edit_at_once(crowd: Crowd, mode: str) -> None:
    crowd.world.publish_levels(rule("any", "parallel", 2), on_edit=mode)
    for _trial in range(12):
        case = crowd.world.submit()
        decided, edited = crowd.together([decider(crowd, case, 0), edit(crowd, case)])
        status, _state = crowd.world.state(case)
        subject = crowd.world.record(case).data["subject"]
        if not isinstance(decided, Exception):
            # The approval came first: what was approved is what was shown, the edit is later.
            assert status == "approved"
            assert edited is None or isinstance(edited, Conflict)
        else:
            assert isinstance(decided, Stale | AlreadyDecided)
            assert subject == "Gold"
            assert status in {"pending", "cancelled"}
            assert mode != "refuse"
        assert crowd.facts(case.request.id)["terminal"] == (1 if status == "approved" else 0)


def test_a_decision_and_the_clock_at_once(crowd: Crowd) -> None:
    from datetime import timedelta

    from wfweb.events import timers
    from wfweb.kernel import clock
    from wfweb.wiring import TIMERS

    crowd.world.publish_levels(
        level({"role": "crowd_2"}, due_hours=1, timeout_action="auto_reject")
    )

    def fire() -> int:
        with clock.at(clock.now() + timedelta(hours=2)):
            return timers.fire_due(TIMERS)

    for _trial in range(12):
        case = crowd.world.submit()
        decided = crowd.together([decider(crowd, case, 0), fire])[0]
        status, state = crowd.world.state(case)
        facts = crowd.facts(case.request.id)
        assert (facts["open_seats"], facts["terminal"], facts["ended"]) == (0, 1, 1)
        if isinstance(decided, Exception):
            assert isinstance(decided, AlreadyDecided)
            assert (status, state) == ("rejected", "rejected")
        else:
            assert (status, state) == ("approved", "approved")


def test_a_decision_and_a_step_of_the_instance_at_once(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("any", "parallel", 2))

    def drop(case: Case) -> Callable[[], Any]:
        def act() -> Any:
            with transaction(actor=crowd.world.people.rui.actor):
                workflow.fire(case.request.instance_id, "drop")

        return act

    for _trial in range(12):
        case = crowd.world.submit()
        outcomes = crowd.together([decider(crowd, case, 0), drop(case)])
        assert sum(isinstance(one, Refusal) for one in outcomes) == 1
        assert crowd.world.state(case) in {("approved", "approved"), ("cancelled", "dropped")}
        facts = crowd.facts(case.request.id)
        assert (facts["open_seats"], facts["terminal"], facts["ended"]) == (0, 1, 1)


def test_bulks_over_the_same_requests_do_not_wait_in_a_circle(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("all", "parallel", 2))
    cases = [crowd.world.submit() for _ in range(12)]
    ids = [case.request.id for case in cases]
    shown = {case.request.id: case.request.digest for case in cases}

    def bulk(number: int, order: list[Any]) -> Callable[[], Any]:
        def act() -> Any:
            with transaction(actor=crowd.members[number].actor):
                return approvals.decide_many(order, "approve", digests=shown)

        return act

    outcomes = crowd.together([bulk(0, ids), bulk(1, ids[::-1])])
    assert all(item.refusal is None for results in outcomes for item in results), outcomes
    assert {crowd.world.state(case) for case in cases} == {("approved", "approved")}


def test_resubmitting_twice_at_once_opens_one_round(crowd: Crowd) -> None:
    crowd.world.publish_levels(rule("any", "parallel", 2))
    for _trial in range(6):
        case = crowd.world.submit()
        withdrawal(crowd, case)()

        def again(request_id: Any = case.request.id) -> Any:
            with transaction(actor=crowd.world.people.rui.actor):
                return approvals.resubmit(request_id)

        outcomes = crowd.together([again, again, again])
        assert sum(isinstance(one, Conflict) for one in outcomes) == 2
        assert crowd.world.case_of(case.request.instance_id).request.round == 2


def test_two_delegations_of_one_seat_at_once(crowd: Crowd) -> None:
    crowd.world.publish_levels(level("ada"))
    people = crowd.world.people
    for _trial in range(6):
        case = crowd.world.submit()
        seat = next(iter(case.seats()))

        def give(to: Any, seat_id: Any = seat.id) -> Callable[[], Any]:
            def act() -> Any:
                with transaction(actor=people.ada.actor):
                    return approvals.delegate(seat_id, to)

            return act

        outcomes = crowd.together([give(people.otto.id), give(people.cleo.id)])
        assert sum(isinstance(one, AlreadyDecided) for one in outcomes) == 1
        assert crowd.facts(case.request.id)["open_seats"] == 1


def test_a_leaver_and_a_decision_at_once(crowd: Crowd) -> None:
    crowd.world.publish_levels(level({"role": "approver"}, "cleo", quorum="all"))
    people = crowd.world.people
    for _trial in range(6):
        crowd.world.give_role(people.ada, "approver")
        case = crowd.world.submit()
        crowd.together(
            [
                lambda: crowd.world.give_role(people.ada, None),
                lambda case=case: crowd.world.decide(people.cleo, case),
            ]
        )
        assert crowd.world.state(case) == ("approved", "approved")
        with pytest.raises((AlreadyDecided, Forbidden)):
            crowd.world.decide(people.ada, case)
