"""Who sits at a level, changed by people: delegate, reassign, add, look again, leave."""

from uuid import UUID

from wfweb.approvals import errors, policy
from wfweb.approvals.act import Act, close_seat, make_decision, write_decision
from wfweb.approvals.comments import checked_comment
from wfweb.approvals.continuing import add_seat, go_on, settle
from wfweb.approvals.electorate import Candidate, resolve
from wfweb.approvals.events import AssignmentMoved
from wfweb.approvals.loading import lock_many, lock_one, open_requests_with_seat
from wfweb.approvals.opening import open_request
from wfweb.approvals.rows import Case, Level, Seat
from wfweb.approvals.settling import end_request
from wfweb.approvals.subject import exclusions, subject_of
from wfweb.identity.models import User
from wfweb.kernel.actor import acting_as
from wfweb.kernel.errors import Conflict, Forbidden, NotFound, ValidationFailed
from wfweb.workflow.loading import load

# Seats that somebody gave by hand survive a second look at the rule.
BY_HAND = ("added", "delegated", "reassigned", "escalated")


def delegate(assignment_id: UUID, to_user_id: UUID, *, comment: str = "") -> UUID:
    """Let somebody else decide in the actor's place; shown as "B for A". Returns the new seat.

    :raises ValidationFailed: ``/to``: oneself, somebody inactive, the requester, an editor,
        or somebody who decides at this level already; ``/comment``: too long.
    :raises Forbidden: when the seat is not the actor's, was itself handed on, or the
        definition does not allow it.
    :raises AlreadyDecided: when the seat or the request is closed.
    """
    comment = checked_comment(comment)
    act, case = Act(), lock_one(assignment_id)
    level, seat = _open_seat(case, assignment_id)
    if seat.user_id != act.actor.id:
        raise errors.not_asked(case.request.key, [seat.user_name])
    if not case.request.config.get("allow_delegate", True):
        raise Forbidden(
            "This approval cannot be handed on", permission="approvals.delegate", risk="LOW"
        )
    if seat.on_behalf_of_id is not None:
        raise Forbidden(
            "This was handed to you and cannot be handed on again",
            permission="approvals.delegate",
            risk="LOW",
            code="delegated_already",
        )
    user = _fit(act, case, level, to_user_id, seat)
    why = f"for {seat.user_name}, who handed it over"
    new = _hand_over(act, case, level, seat, user, "delegated", why, comment, behalf=seat.user_id)
    act.end()
    return new.id


def reassign(assignment_id: UUID, to_user_id: UUID, *, comment: str = "") -> UUID:
    """Give a seat to somebody else, as one who repairs requests. Returns the new seat's id.

    :raises Forbidden: without ``approvals.reassign``.
    :raises ValidationFailed: ``/to``, as for :func:`delegate`.
    :raises AlreadyDecided: when the seat or the request is closed.
    """
    comment = checked_comment(comment)
    act, case = Act(), lock_one(assignment_id)
    policy.require("reassign", case)
    level, seat = _open_seat(case, assignment_id)
    user = _fit(act, case, level, to_user_id, seat)
    why = f"reassigned from {seat.user_name} by {act.actor.name}"
    new = _hand_over(act, case, level, seat, user, "reassigned", why, comment, behalf=None)
    act.end()
    return new.id


def _open_seat(case: Case, seat_id: UUID) -> tuple[Level, Seat]:
    level, seat = case.level, case.seat(seat_id)
    if seat is None:
        raise NotFound
    if level is None or seat not in level.seats or not seat.is_open:
        because = seat.closed_because or "it has ended"
        raise errors.already(f"Nothing is left to hand over on {case.request.key}: {because}")
    return level, seat


def _fit(act: Act, case: Case, level: Level, user_id: UUID, seat: Seat | None) -> User:
    """Return somebody who may take a seat at a level, or refuse naming why not."""
    user = act.resolver.by_id(user_id)
    problem: str | None = None
    if user is None:
        problem = "Choose somebody of your company"
    elif not user.active or user.kind != "person":
        problem = f"{user.name} cannot decide: the account is not an active person's"
    elif seat is not None and user.id == seat.user_id:
        problem = f"{user.name} holds this question already"
    elif not level.self_approval and user.id in case.request.excluded_ids:
        problem = f"{user.name} cannot decide this: {user.name} {exclusions(case.request)[user.id]}"
    elif any(one.user_id == user.id and _counts(one) for one in level.seats):
        problem = f"{user.name} decides at this level already"
    if user is None or problem is not None:
        raise ValidationFailed.at("/to", problem or "Choose somebody", "person")
    return user


def _counts(seat: Seat) -> bool:
    return seat.status not in {"delegated", "skipped"}


def _hand_over(
    act: Act,
    case: Case,
    level: Level,
    seat: Seat,
    user: User,
    kind: str,
    why: str,
    comment: str,
    *,
    behalf: UUID | None,
) -> Seat:
    decision = "delegate" if kind == "delegated" else "reassign"
    row = make_decision(
        act,
        case,
        level_number=level.number,
        decision=decision,
        seat=seat,
        comment=comment,
        by=act.actor,
    )
    status = "delegated" if kind == "delegated" else "skipped"
    close_seat(act, seat, status, f"{kind.capitalize()} to {user.name}")
    # A delegate decides by the right of the one who delegates; a reassigned seat has its own.
    role_id = seat.role_id if behalf is not None else None
    candidate = Candidate(user, [why], source=kind, role_id=role_id)
    new = add_seat(act, case, level, candidate, seat.sequence, on_behalf_of_id=behalf)
    act.touch(case.request)
    _tell_moved(act, case, level, kind, seat.user_id, user.id, user.name)
    settle(act, case)
    write_decision(case, row)
    go_on(case)
    return new


def _tell_moved(
    act: Act,
    case: Case,
    level: Level,
    kind: str,
    from_id: UUID | None,
    to_id: UUID | None,
    name: str,
    comment: str = "",
) -> None:
    act.tell(
        AssignmentMoved,
        case.request,
        kind=kind,
        level=level.number,
        from_user_id=from_id,
        to_user_id=to_id,
        after={"seat": name, "kind": kind},
        details={"comment": comment} if comment else {},
        risk="MEDIUM" if kind in {"reassigned", "added"} else None,
    )


def add_approver(request_id: UUID, user_id: UUID, *, comment: str = "") -> UUID:
    """Give somebody a further seat at the level that is asked. Returns the seat's id.

    :raises Forbidden: without ``approvals.reassign``.
    :raises ValidationFailed: ``/to``, as for :func:`delegate`.
    :raises Conflict: when no level is being asked.
    """
    comment = checked_comment(comment)
    act, case = Act(), lock_one(request_id)
    policy.require("reassign", case)
    level = case.level
    if level is None:
        raise Conflict(
            "No rule applies to this request. Repair the rule, then look for approvers again",
            reason="no_level",
        )
    user = _fit(act, case, level, user_id, None)
    last = max((seat.sequence for seat in level.seats), default=0)
    why = f"added by {act.actor.name}" + (f": {comment[:200]}" if comment.strip() else "")
    candidate = Candidate(user, [why], source="added")
    seat = add_seat(act, case, level, candidate, last + 1)
    act.touch(case.request)
    _tell_moved(act, case, level, "added", None, user.id, user.name, comment)
    settle(act, case)
    go_on(case)
    act.end()
    return seat.id


def re_resolve(request_id: UUID) -> UUID:
    """Look for the approvers of the open level again, from today's people and roles.

    Votes given stay. Open seats of people the rule no longer names close, new people get
    seats. A request that no rule applied to is asked as a new round. Returns the id of the
    request that is asked now.

    :raises Forbidden: without ``approvals.reassign``.
    """
    act, case = Act(), lock_one(request_id)
    policy.require("reassign", case)
    level = case.level
    if level is None:
        return _ask_anew(act, case)
    _look_again(act, case, level)
    settle(act, case)
    go_on(case)
    act.end()
    return case.request.id


def _ask_anew(act: Act, case: Case) -> UUID:
    end_request(act, case, "cancelled", reason="rule_changed", because="Asked anew")
    act.end()
    loaded = load(case.request.instance_id, lock=False)
    state = loaded.definition.states[loaded.state]
    if state.approval is None:
        raise errors.moved_on(case.request.key, loaded.state_name)
    return open_request(case.request.instance_id, state.approval.model_dump(mode="json"), act=act)


def _look_again(act: Act, case: Case, level: Level) -> None:
    found = resolve(
        level.spec["approvers"],
        subject_of(case.request),
        act.resolver,
        self_approval=level.self_approval,
    )
    named = {candidate.user.id for candidate in found.candidates}
    for seat in level.open_seats:
        if seat.user_id not in named and seat.source not in BY_HAND:
            close_seat(act, seat, "skipped", f"The rule no longer names {seat.user_name}")
    seated = {seat.user_id for seat in level.seats if _counts(seat)}
    level.change(resolution=found.as_json())
    last = max((seat.sequence for seat in level.seats), default=0)
    fresh = [one for one in found.candidates if one.user.id not in seated]
    for sequence, candidate in enumerate(fresh, start=last + 1):
        add_seat(act, case, level, candidate, sequence)
        _tell_moved(act, case, level, "found", None, candidate.user.id, candidate.user.name)
    act.touch(case.request)


def release_leavers(user_id: UUID) -> None:
    """Take somebody who left the company or a role out of the count of open levels.

    So are the seats they had handed to others, whose right was theirs.
    Votes already given stay. What the remaining answers settle is settled; what nobody can
    settle any more is at risk. Called in the transaction that changes the person.
    """
    act = Act()
    with acting_as(act.as_system()):
        for case in lock_many(open_requests_with_seat(user_id)).values():
            level = case.level
            if level is None or not case.request.is_open:
                continue
            gone = [
                (seat, because)
                for seat in level.open_seats
                if user_id in (seat.user_id, seat.on_behalf_of_id)
                and (because := seat.ineligible_because())
            ]
            for seat, because in gone:
                close_seat(act, seat, "skipped", because)
                _tell_moved(act, case, level, "left", seat.user_id, None, seat.user_name)
            if gone:
                act.touch(case.request)
                settle(act, case)
                go_on(case)
        act.end()
