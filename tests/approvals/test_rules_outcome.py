"""The outcome of a level against a slow, independent enumeration of every way it can go on."""

from functools import cache
from itertools import combinations_with_replacement, product

import pytest

from wfweb.approvals.rules import (
    LevelRule,
    Ordering,
    Outcome,
    Quorum,
    Seat,
    SeatStatus,
    asked,
    outcome,
)

OPEN, APPROVED, REJECTED, AT_RISK = (
    Outcome.OPEN,
    Outcome.APPROVED,
    Outcome.REJECTED,
    Outcome.AT_RISK,
)
LETTERS = {
    "p": SeatStatus.PENDING,
    "a": SeatStatus.APPROVED,
    "r": SeatStatus.REJECTED,
    "d": SeatStatus.DELEGATED,
    "s": SeatStatus.SKIPPED,
}


def seats(letters):
    return [Seat(n, f"user{n}", n, LETTERS[letter]) for n, letter in enumerate(letters)]


def rules(ordering=Ordering.PARALLEL):
    for quorum in Quorum:
        floors = range(1, 7) if quorum is Quorum.N_OF_M else [None, *range(1, 7)]
        for floor in floors:
            yield LevelRule(quorum, floor, ordering)


def verdict(rule, votes):
    """Say what all votes together mean, from the requirements' words, once everybody has voted."""
    yes, no, floor = votes.count("a"), votes.count("r"), rule.min_approvers or 1
    if not votes or floor > len(votes):
        return AT_RISK
    if rule.quorum is Quorum.ALL:
        good = no == 0
    elif rule.quorum is Quorum.MAJORITY:
        good = yes > no
    else:
        good = yes >= floor
    return APPROVED if good and yes >= floor else REJECTED


@cache
def slow(rule, letters):
    """Settled exactly when every completion gives the same verdict, trying them all."""
    votes = [letter for letter in letters if letter in "apr"]
    first_wins = rule.quorum is Quorum.ANY and rule.min_approvers in (None, 1)
    answers = [letter for letter in votes if letter != "p"]
    if first_wins and answers:
        return REJECTED if "r" in answers else APPROVED
    completions = product(*(("a", "r") if letter == "p" else (letter,) for letter in votes))
    verdicts = {verdict(rule, tuple(completion)) for completion in completions}
    return verdicts.pop() if len(verdicts) == 1 else OPEN


def name(rule):
    return f"{rule.quorum}-{rule.min_approvers}-{rule.ordering}"


@pytest.mark.parametrize("rule", list(rules()), ids=name)
def test_settled_exactly_when_every_completion_agrees(rule):
    for size in range(6):
        for letters in combinations_with_replacement("pards", size):
            assert outcome(rule, seats(letters)) is slow(rule, "".join(letters)), letters


@pytest.mark.parametrize("rule", [*rules(), *rules(Ordering.SEQUENTIAL)], ids=name)
def test_every_sequence_of_answers_ends_and_never_sticks(rule):
    """Walk all orders of answering up to 5 seats: those asked answer until it is settled."""
    seen = set()

    def walk(letters):
        if letters in seen:
            return
        seen.add(letters)
        places = seats(letters)
        state = outcome(rule, places)
        turn = [seat.assignment_id for seat in asked(rule, places)]
        assert (state is OPEN) == bool(turn)
        if rule.ordering is Ordering.SEQUENTIAL:
            assert turn == [letters.find("p")][: len(turn)]
        for place in turn:
            for answer in "ards":
                walk(letters[:place] + answer + letters[place + 1 :])

    for size in range(6):
        walk("p" * size)


def test_the_order_of_answers_does_not_matter_unless_the_first_decides():
    for rule in rules():
        for letters in combinations_with_replacement("par", 4):
            assert outcome(rule, seats(letters)) is outcome(rule, list(reversed(seats(letters))))


ANY, ALL, MAJORITY = (
    LevelRule(Quorum.ANY),
    LevelRule(Quorum.ALL),
    LevelRule(Quorum.MAJORITY),
)
TWO = LevelRule(Quorum.N_OF_M, 2)


@pytest.mark.parametrize(
    ("rule", "letters", "expected"),
    [
        (ANY, "ppp", OPEN),
        (ANY, "ppa", APPROVED),
        (ANY, "prp", REJECTED),
        (LevelRule(Quorum.ANY, 2), "prp", OPEN),
        (LevelRule(Quorum.ANY, 2), "rrp", REJECTED),
        (TWO, "app", OPEN),
        (TWO, "apa", APPROVED),
        (TWO, "rrp", REJECTED),
        (TWO, "p", AT_RISK),
        (TWO, "pdd", AT_RISK),
        (LevelRule(Quorum.N_OF_M, 1), "rpp", OPEN),
        (LevelRule(Quorum.N_OF_M, 1), "rra", APPROVED),
        (ALL, "aap", OPEN),
        (ALL, "apr", REJECTED),
        (ALL, "aaa", APPROVED),
        (ALL, "aad", APPROVED),
        (MAJORITY, "aapp", OPEN),
        (MAJORITY, "aaapp", APPROVED),
        (MAJORITY, "arar", REJECTED),
        (MAJORITY, "rrpp", REJECTED),
        (MAJORITY, "aardd", APPROVED),
        (MAJORITY, "a", APPROVED),
        (MAJORITY, "ss", AT_RISK),
        (ALL, "", AT_RISK),
        (LevelRule(Quorum.MAJORITY, 3), "aapp", OPEN),
    ],
)
def test_cases_by_hand(rule, letters, expected):
    assert outcome(rule, seats(letters)) is expected


def test_a_replacement_seat_enters_the_count():
    left = [Seat(1, "ada", 1, SeatStatus.DELEGATED), Seat(2, "mia", 2, SeatStatus.APPROVED)]

    assert outcome(ALL, left) is APPROVED
    assert outcome(ALL, [*left, Seat(3, "otto", 1)]) is OPEN


def test_one_person_has_one_vote_however_often_seated():
    twice = [Seat(1, "ada", 1, SeatStatus.APPROVED), Seat(2, "ada", 2), Seat(3, "mia", 3)]

    assert outcome(TWO, twice) is OPEN
    assert [seat.user_id for seat in asked(TWO, twice)] == ["mia"]
    both = [Seat(1, "ada", 1, SeatStatus.APPROVED), Seat(2, "ada", 2, SeatStatus.APPROVED)]
    assert outcome(TWO, [*both, Seat(3, "mia", 3)]) is OPEN


def test_sequential_asks_the_first_open_seat_only():
    rule = LevelRule(Quorum.ALL, ordering=Ordering.SEQUENTIAL)
    places = [Seat(1, "mia", 20), Seat(2, "ada", 10), Seat(3, "otto", 10)]

    assert [seat.user_id for seat in asked(rule, places)] == ["ada"]
    after = [Seat(1, "mia", 20), Seat(2, "ada", 10, SeatStatus.APPROVED), Seat(3, "otto", 10)]
    assert [seat.user_id for seat in asked(rule, after)] == ["otto"]


def test_a_rule_without_sense_cannot_be_made():
    with pytest.raises(ValueError, match="starts at 1"):
        LevelRule(Quorum.ANY, 0)
    with pytest.raises(ValueError, match="needs min_approvers"):
        LevelRule(Quorum.N_OF_M)
