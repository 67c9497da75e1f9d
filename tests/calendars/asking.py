"""Put the same questions to the arithmetic and to the oracle."""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.calendars.making import Versions, case
from tests.calendars.oracle import Oracle, midnight
from wfweb.calendars import receipts, rules, zones

Difference = tuple[str, Any, Any]


def moment_in(dice: random.Random, oracle: Oracle, minutes: int) -> datetime:
    moment = oracle.start + timedelta(minutes=dice.randrange(minutes))
    return moment + timedelta(seconds=dice.choice([0, 0, 1, dice.randrange(60)]))


def differences(
    versions: Versions, start: datetime, minutes: int, dice: random.Random, questions: int
) -> list[Difference]:
    """Ask so many rounds of questions; return those that were answered differently."""
    calendar = rules.compile_chain([rules.Dated(begins, body) for begins, body in versions])
    oracle = Oracle(versions, zones.zone, start, minutes)
    end = start + timedelta(minutes=minutes)
    found: list[Difference] = []

    def compare(question: str, ours: Any, theirs: Any) -> None:
        if ours != theirs:
            found.append((question, ours, theirs))

    for _ in range(questions):
        a, b = sorted(moment_in(dice, oracle, minutes) for _ in range(2))
        compare(f"between {a} {b}", rules.elapsed(calendar, a, b), oracle.between(a, b))
        compare(f"is_open {a}", rules.is_open(calendar, a), oracle.is_open(a))
        ours = [(s.start, s.end) for s in rules.segments(calendar, a, b)]
        compare(f"segments {a} {b}", ours, oracle.segments(a, b))
        after = oracle.between(a, end) // timedelta(seconds=1)
        amount = timedelta(seconds=dice.choice([0, after, dice.randint(0, after)]))
        theirs = oracle.add(a, amount)
        if theirs is not None:
            compare(f"add {a} {amount}", rules.add(calendar, a, amount), theirs)
            receipt = receipts.receipt(calendar, a, amount)
            compare(f"receipt {a} {amount}", receipts.recompute(receipt), theirs)
        before = oracle.between(start, b) // timedelta(seconds=1)
        amount = timedelta(seconds=dice.choice([0, before, dice.randint(0, before)]))
        earlier = oracle.subtract(b, amount)
        if earlier is not None:
            compare(f"subtract {b} {amount}", rules.subtract(calendar, b, amount), earlier)
    return found


def ask(seed: str, questions: int, longest_days: int) -> list[Difference]:
    """Make one calendar from a seed and compare all answers."""
    dice = random.Random(seed)
    versions, day = case(dice)
    start = midnight(day) - timedelta(minutes=dice.randrange(1440 * longest_days // 2))
    minutes = dice.randint(600, 1440 * longest_days)
    return [
        (f"{seed}: {question} of {versions}", ours, theirs)
        for question, ours, theirs in differences(versions, start, minutes, dice, questions)
    ]
