"""Whether somebody may decide now, from the rows under the lock and the pure rules alone."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from wfweb.approvals import errors, rules
from wfweb.approvals.content import is_blank
from wfweb.approvals.rows import Case, Level, Made, Seat
from wfweb.approvals.seeing import asked_again, stale
from wfweb.approvals.settling import rule_of, votes_of
from wfweb.approvals.wording import ENDINGS, ended_in_words
from wfweb.kernel.actor import Actor
from wfweb.kernel.errors import FieldError, Refusal, ValidationFailed

Decision = Literal["approve", "reject", "send_back"]
DECISIONS = ("approve", "reject", "send_back")


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody answers, about which content (no digest: the current one)."""

    decision: Decision
    digest: str | None
    reason_code: str | None = None
    comment: str = ""
    idempotency_key: str | None = None


def made_before(
    actor: Actor, case: Case, choice: Choice, target_id: UUID
) -> tuple[Level, Made] | None:
    """Return the decision that this very post has made already (double click, lost answer).

    :raises ValidationFailed: when its key came with another decision before.
    """
    waits = any(seat.is_asked and seat.user_id == actor.id for seat in case.seats())
    for level in case.levels.values():
        for seat in level.seats:
            made = seat.made
            if made is None or made.user_id != actor.id:
                continue
            if choice.idempotency_key and made.idempotency_key == choice.idempotency_key:
                if made.decision != choice.decision:
                    raise errors.key_reused()
                return level, made
            same = made.decision == choice.decision and made.digest == choice.digest
            meant = seat.id == target_id or (case.request.id == target_id and not waits)
            if same and meant and made.idempotency_key is None:
                return level, made
    return None


def leavers(level: Level, actor: Actor) -> list[Seat]:
    """Return open seats of others who may no longer decide; they leave the count."""
    return [
        seat
        for seat in level.open_seats
        if seat.user_id != actor.id and seat.ineligible_because() is not None
    ]


def seat_to_decide(actor: Actor, case: Case, choice: Choice, target_id: UUID) -> Seat:
    """Return the seat the actor decides.

    :raises Refusal: in the words that help most; see :func:`wfweb.approvals.deciding.decide`.
    """
    request, level = case.request, case.level
    if actor.kind != "user" or actor.id is None:
        raise errors.not_a_person(request.key)
    mine = [seat for seat in case.seats() if seat.user_id == actor.id]
    if not request.is_open:
        raise _since_edited(actor.id, case, mine, choice) or _ended(case, mine)
    own = [seat for seat in (level.seats if level else ()) if seat.user_id == actor.id]
    named = next((seat for seat in mine if seat.id == target_id), None)
    if named is not None and named not in own:
        raise _closed(case, named)
    seat = next((one for one in own if one.is_open), None)
    refused = _asked_the_rules(actor.id, case, level, seat)
    if refused is not None:
        raise _refusal(case, level, refused, own, actor.id)
    assert seat is not None  # noqa: S101 - the rules found it open
    if choice.digest is not None and choice.digest != request.digest:
        raise stale(request, choice.digest)
    _refuse_without_reason(case, choice)
    return seat


def _asked_the_rules(
    actor_id: UUID, case: Case, level: Level | None, seat: Seat | None
) -> rules.Refused | None:
    if level is None:
        return rules.Refused.NOT_ASKED
    gone = {one.id for one in level.open_seats if one.ineligible_because() and one is not seat}
    votes = [vote for vote in votes_of(level) if vote.assignment_id not in gone]
    decider = rules.Decider(
        actor_id,
        active=seat.user_active if seat else True,
        member=seat.in_role if seat else True,
        acting_for=seat.on_behalf_of_id if seat else None,
    )
    return rules.may_decide(rule_of(level), votes, decider, separation(case, level))


def separation(case: Case, level: Level) -> rules.Separation:
    """Return who has a hand in a request, for the rules."""
    request = case.request
    requesters = frozenset({request.requester_id} if request.requester_id else set())
    return rules.Separation(
        requesters=requesters,
        editors=frozenset(request.excluded_ids) - requesters,
        self_approval=level.self_approval,
    )


def _since_edited(actor_id: UUID, case: Case, mine: list[Seat], choice: Choice) -> Refusal | None:
    """Return what leads from a round that an edit ended to the same question of now."""
    if case.request.outcome_reason != "edited" or not mine or choice.digest is None:
        return None
    return asked_again(case.request, actor_id, choice.digest)


def _ended(case: Case, mine: list[Seat]) -> Refusal:
    request, latest = case.request, case.latest()
    own = next((seat.made for seat in mine if seat.made), None)
    if own is not None:
        return errors.already(f"You decided {request.key} already", own.user_name, own.at)
    if not mine:
        return errors.not_asked(request.key)
    if latest is None or request.outcome_reason in ENDINGS:
        words = ended_in_words(request.status, request.outcome_reason)
        return errors.already(f"{request.key} has ended: {words}")
    what = {"approve": "approved", "reject": "rejected"}.get(latest.decision, "sent back")
    return errors.already(
        f"{latest.user_name} already {what} {request.key}", latest.user_name, latest.at
    )


def _closed(case: Case, seat: Seat) -> Refusal:
    if seat.made is not None:
        detail = f"You decided this level of {case.request.key} already"
        return errors.already(detail, seat.made.user_name, seat.made.at)
    because = (seat.closed_because or "its level is closed").rstrip(".")
    return errors.already(f"Nothing is left to decide on {case.request.key}: {because}")


def _refusal(
    case: Case, level: Level | None, refused: rules.Refused, own: list[Seat], actor_id: UUID
) -> Refusal:
    request = case.request
    asked = [seat.user_name for seat in (level.seats if level else ()) if seat.is_asked]
    if refused in (rules.Refused.REQUESTER, rules.Refused.EDITOR) or (
        actor_id in request.excluded_ids
        and not (level and level.self_approval)
        and all(seat.made is None for seat in own)
    ):
        return errors.own_request(request.key, editor=actor_id != request.requester_id)
    if request.at_risk and any(seat.is_open for seat in own):
        return errors.waits_for_administrator(request.key, request.at_risk_reason or "")
    if refused is rules.Refused.ALREADY_DECIDED or (own and refused is rules.Refused.NOT_ASKED):
        return _closed(case, own[-1])
    if refused in (rules.Refused.INACTIVE, rules.Refused.NOT_MEMBER):
        why = next((seat.ineligible_because() for seat in own), None)
        return errors.no_longer_eligible(request.key, why or "you left the role that was asked")
    if refused is rules.Refused.NOT_THEIR_TURN:
        return errors.not_your_turn(request.key, asked)
    return errors.not_asked(request.key, asked)


def _refuse_without_reason(case: Case, choice: Choice) -> None:
    if choice.decision == "approve":
        return
    reasons = {one["code"]: one for one in case.request.config.get("reject_reasons") or ()}
    wrong: list[FieldError] = []
    needs_comment = choice.decision == "send_back" or not reasons
    if choice.decision == "reject" and reasons:
        reason = reasons.get(choice.reason_code or "")
        if reason is None:
            wrong.append(FieldError("/reason_code", "Choose a reason", "reason"))
        needs_comment = reason is not None and bool(reason.get("comment_required"))
    elif choice.reason_code is not None and choice.reason_code not in reasons:
        wrong.append(FieldError("/reason_code", "Choose a reason from the list", "reason"))
    if needs_comment and is_blank(choice.comment):
        words = "Write what has to change" if choice.decision == "send_back" else "Write why"
        wrong.append(FieldError("/comment", words, "required"))
    if wrong:
        raise ValidationFailed(wrong)
