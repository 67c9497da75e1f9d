"""The one verb: somebody decides, behind page, API, mail link, bulk and replay alike.

One locked read, the pure rules, one pipelined write. Every check is made from the rows
under the lock, never from what a page said (reliability D2), in the order of section 6.8.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from wfweb import audit
from wfweb.approvals.act import Act, close_seat, make_decision, write_decision
from wfweb.approvals.checking import (
    DECISIONS,
    Choice,
    Decision,
    leavers,
    made_before,
    seat_to_decide,
)
from wfweb.approvals.comments import comment_error
from wfweb.approvals.continuing import go_on, settle
from wfweb.approvals.events import DecisionRecorded
from wfweb.approvals.loading import lock_many, lock_one
from wfweb.approvals.rows import Case, Level, Made, Seat
from wfweb.approvals.settling import end_request
from wfweb.kernel.actor import acting_as
from wfweb.kernel.errors import FieldError, Forbidden, NotFound, Refusal, ValidationFailed
from wfweb.kernel.journal import savepoint
from wfweb.workflow.loading import load_many

MAX_KEY = 200
MOST_AT_ONCE = 1000

_CLOSED = {
    "approve": ("approved", "Approved"),
    "reject": ("rejected", "Rejected"),
    "send_back": ("skipped", "Sent back"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision led to. ``repeated`` tells that it had been made before by the same post."""

    decision_id: UUID
    request_id: UUID
    request_key: str
    assignment_id: UUID
    decision: str
    request_status: str
    level: int
    levels: int
    waiting_for: tuple[str, ...]
    at: datetime
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class ItemResult:
    """One item of a bulk: its outcome, or why it was refused."""

    target_id: UUID
    outcome: Outcome | None = None
    refusal: Refusal | None = None


def decide(
    target_id: UUID,
    decision: Decision,
    *,
    digest: str,
    reason_code: str | None = None,
    comment: str = "",
    idempotency_key: str | None = None,
) -> Outcome:
    """Decide as the current actor.

    :param target_id: an assignment (what a page or mail was made for), or a request.
    :param digest: of exactly what the person was shown.
    :param reason_code: from the definition's list; needed to reject where there is one.
    :param comment: needed to send back, and to reject where the reason asks for it.
    :param idempotency_key: the same key gives the same answer and decides once.
    :raises Stale: the content is another one by now; carries the difference and the digest.
    :raises AlreadyDecided: somebody else was faster, or it has ended.
    :raises Forbidden: not asked, not your turn, your own request, no longer in the role.
    :raises ValidationFailed: reason or comment are missing, or the key was used differently.
    :raises NotFound: there is no such request.
    """
    choice = _checked(Choice(decision, digest, reason_code, comment, idempotency_key))
    act, case = Act(), lock_one(target_id)
    if _may_end(case, choice):
        # Read now, so that everything this act writes travels together at its end.
        case.instance = load_many([case.request.instance_id], lock=False).get(
            case.request.instance_id
        )
    outcome = decide_loaded(act, case, choice, target_id)
    act.end()
    return outcome


def _may_end(case: Case, choice: Choice) -> bool:
    """Tell whether this answer can end the request, so that the instance goes on."""
    if not case.request.is_open:
        return False
    return choice.decision != "approve" or all(
        level.status != "waiting" for level in case.levels.values()
    )


def decide_many(
    target_ids: Iterable[UUID],
    decision: Decision,
    *,
    digests: Mapping[UUID, str],
    reason_code: str | None = None,
    comment: str = "",
    rollback_on_error: bool = False,
) -> list[ItemResult]:
    """Decide up to 1000 requests in this transaction, each by the same rules as one.

    Refused items change nothing and are reported; the others are done. What somebody was not
    allowed to decide is in the audit trail, as it is for one.

    :param digests: of exactly what the person was shown, by target; one that is missing is stale.
    :param rollback_on_error: refuse everything at the first refusal.
    :raises Refusal: the first one, with ``rollback_on_error``.
    :raises ValidationFailed: for more than 1000 items.
    """
    wanted = list(dict.fromkeys(target_ids))
    if len(wanted) > MOST_AT_ONCE:
        raise ValidationFailed.at("/ids", f"Decide at most {MOST_AT_ONCE} at once", "too_many")
    _checked(Choice(decision, "", reason_code, comment))
    choices = {
        target: Choice(decision, digests.get(target, ""), reason_code, comment) for target in wanted
    }
    try:
        with savepoint():
            found = _decide_all(wanted, choices, stop=rollback_on_error)
    except _StepRefused as stopped:
        if rollback_on_error:
            raise stopped.refusal from None
        found = _decide_one_by_one(wanted, choices)
    for target in wanted:
        refusal = found[target].refusal
        if isinstance(refusal, Forbidden):
            # Nobody answers with it as for a single one, so it is written here (ID-1).
            audit.record_refusal(refusal, action=decision, target=f"/requests/{target}")
    return [found[target] for target in wanted]


class _StepRefused(Exception):  # noqa: N818 - carries a refusal
    """An instance's next step was refused after rows of a bulk had changed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def _decide_all(
    wanted: list[UUID], choices: Mapping[UUID, Choice], *, stop: bool
) -> dict[UUID, ItemResult]:
    """Decide everything on rows that were locked and read together."""
    act = Act()
    cases = _by_target(wanted, lock_many(wanted))
    instances = load_many({case.request.instance_id for case in cases.values()}, lock=False)
    found: dict[UUID, ItemResult] = {}
    for target in sorted(wanted):
        case = cases.get(target)
        try:
            if case is None:
                raise NotFound
            case.instance = instances.get(case.request.instance_id)
            found[target] = _decide_item(act, case, choices[target], target)
        except Refusal as refusal:
            if stop:
                raise
            found[target] = ItemResult(target, refusal=refusal)
    act.end()
    return found


def _decide_item(act: Act, case: Case, choice: Choice, target: UUID) -> ItemResult:
    again = made_before(act.actor, case, choice, target)
    if again is not None:
        return ItemResult(target, outcome=_outcome(case, *again, repeated=True))
    seat = seat_to_decide(act.actor, case, choice, target)
    try:
        return ItemResult(target, outcome=_write(act, case, choice, seat))
    except Refusal as refusal:
        raise _StepRefused(refusal) from refusal


def _decide_one_by_one(
    wanted: list[UUID], choices: Mapping[UUID, Choice]
) -> dict[UUID, ItemResult]:
    """Decide each in a savepoint of its own, after one of them could not go on."""
    found: dict[UUID, ItemResult] = {}
    for target in sorted(wanted):
        try:
            with savepoint():
                act = Act()
                outcome = decide_loaded(act, lock_one(target), choices[target], target)
                act.end()
            found[target] = ItemResult(target, outcome=outcome)
        except Refusal as refusal:
            found[target] = ItemResult(target, refusal=refusal)
    return found


def _by_target(wanted: Iterable[UUID], cases: Mapping[UUID, Case]) -> dict[UUID, Case]:
    """Return the case of each target, which may be a request or one of its seats."""
    by_seat = {seat.id: case for case in cases.values() for seat in case.seats()}
    found = {target: cases.get(target) or by_seat.get(target) for target in wanted}
    return {target: case for target, case in found.items() if case is not None}


def _checked(choice: Choice) -> Choice:
    wrong: list[FieldError] = []
    if choice.decision not in DECISIONS:
        wrong.append(FieldError("/decision", f"Choose one of {', '.join(DECISIONS)}", "choice"))
    comment = comment_error(choice.comment)
    if comment is not None:
        wrong.append(comment)
    if choice.idempotency_key is not None and not 0 < len(choice.idempotency_key) <= MAX_KEY:
        message = f"A key has 1 to {MAX_KEY} characters"
        wrong.append(FieldError("/idempotency_key", message, "key"))
    if wrong:
        raise ValidationFailed(wrong)
    return choice


def decide_loaded(act: Act, case: Case, choice: Choice, target_id: UUID) -> Outcome:
    """Decide on loaded, locked rows; see :func:`decide` for what is refused.

    Everything of the decision itself is refused before the first row changes; what is
    refused later is the instance's next step.
    """
    again = made_before(act.actor, case, choice, target_id)
    if again is not None:
        return _outcome(case, again[0], again[1], repeated=True)
    return _write(act, case, choice, seat_to_decide(act.actor, case, choice, target_id))


def _write(act: Act, case: Case, choice: Choice, seat: Seat) -> Outcome:
    level = case.level
    assert level is not None  # noqa: S101 - the seat belongs to it
    with acting_as(replace(act.actor, on_behalf_of=seat.on_behalf_of_id)):
        for left in leavers(level, act.actor):
            close_seat(act, left, "skipped", left.ineligible_because() or "")
        row = make_decision(
            act,
            case,
            level_number=level.number,
            decision=choice.decision,
            seat=seat,
            reason_code=choice.reason_code,
            comment=choice.comment,
            idempotency_key=choice.idempotency_key,
        )
        close_seat(act, seat, *_CLOSED[choice.decision])
        act.touch(case.request)
        _tell(act, case, level, choice, row["id"], seat)
        _follow_up(act, case, choice)
        write_decision(case, row)
        assert seat.made is not None  # noqa: S101 - made above
        seat.made.request_status = case.request.status
        go_on(case)
    return _outcome(case, level, seat.made)


def _follow_up(act: Act, case: Case, choice: Choice) -> None:
    if choice.decision == "send_back":
        end_request(
            act,
            case,
            "cancelled",
            reason="sent_back",
            comment=choice.comment,
            because="Sent back for changes",
        )
        case.outcome = ("rejection", "send_back", choice.comment)
        return
    settle(act, case)
    if choice.decision == "reject" and case.request.status == "rejected":
        act.touch(
            case.request,
            outcome_reason=choice.reason_code,
            outcome_comment=choice.comment or None,
        )
        case.outcome = ("rejection", None, choice.comment or None)
    elif case.outcome is not None and choice.comment:
        case.outcome = (case.outcome[0], None, choice.comment)


def _tell(
    act: Act, case: Case, level: Level, choice: Choice, decision_id: UUID, seat: Seat
) -> None:
    act.tell(
        DecisionRecorded,
        case.request,
        decision_id=decision_id,
        decision=choice.decision,
        level=level.number,
        user_id=seat.user_id,
        on_behalf_of_id=seat.on_behalf_of_id,
        after={"decision": choice.decision, "level": level.number, "status": seat.status},
        details={
            "reason": choice.reason_code,
            "comment": choice.comment or None,
            "digest": case.request.digest,
            "record_version": case.request.record_version,
            "level_name": level.name,
        },
    )


def _outcome(case: Case, level: Level, made: Made, *, repeated: bool = False) -> Outcome:
    waiting = tuple(seat.user_name for seat in case.seats() if seat.is_asked)
    return Outcome(
        decision_id=made.id,
        request_id=case.request.id,
        request_key=case.request.key,
        assignment_id=made.assignment_id,
        decision=made.decision,
        request_status=made.request_status,
        level=level.number,
        levels=case.request.levels_total,
        waiting_for=() if repeated else waiting,
        at=made.at,
        repeated=repeated,
    )
