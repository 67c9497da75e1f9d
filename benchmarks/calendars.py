"""Business time: adding and measuring over five years, beside the library businesstimedelta.

Run ``python -m benchmarks.calendars``. The peer gets only the cases in which it agrees with us
(it counts a night of changing clocks wrongly); how many those are is printed as well.
``--oracle 100000`` asks the slow minute-by-minute oracle of tests/calendars about so many random
calendars instead (about a quarter of an hour) and ends with 1 at any difference.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any

from benchmarks.common import Figure, command
from wfweb.calendars import receipts, rules

HOUR = 3600
FIVE_YEARS = timedelta(days=1826)
ZONE = "America/New_York"
HOLIDAYS = [date(y, m, d) for y in range(2020, 2040) for m, d in ((1, 1), (7, 4), (12, 25))]
BODY = {
    "tz": ZONE,
    "weekly": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": [day.isoformat() for day in HOLIDAYS],
}
SPLIT = {
    **BODY,
    "weekly": {
        day: [["08:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")
    },
}


def microseconds(act: Callable[[Any], object], cases: Sequence[Any], rounds: int = 3) -> float:
    """The median of the times of single calls, in microseconds."""
    took = []
    for _ in range(rounds):
        for one in cases:
            begun = time.perf_counter_ns()
            act(one)
            took.append(time.perf_counter_ns() - begun)
    return statistics.median(took) / 1000


class Peer:
    """businesstimedelta with the same hours and holidays."""

    def __init__(self) -> None:
        import businesstimedelta
        import pytz

        self.library = businesstimedelta
        zone = pytz.timezone(ZONE)
        days = businesstimedelta.WorkDayRule(
            start_time=clock(9), end_time=clock(17), working_days=[0, 1, 2, 3, 4], tz=zone
        )
        feasts = businesstimedelta.HolidayRule(dict.fromkeys(HOLIDAYS, "holiday"), tz=zone)
        self.rules = businesstimedelta.Rules([days, feasts])

    def add(self, start: datetime, seconds: int) -> datetime:
        """Its answer to ``rules.add``."""
        found: datetime = start + self.library.BusinessTimeDelta(self.rules, seconds=seconds)
        return found.astimezone(UTC)

    def between(self, start: datetime, end: datetime) -> int:
        """Its answer to ``rules.between``."""
        found = self.rules.difference(start, end)
        return round(found.timedelta.total_seconds())


def beside(
    what: str, ours: Callable[[Any], Any], theirs: Callable[[Any], Any], cases: Sequence[Any]
) -> Figure:
    """Our median beside the peer's, on the cases in which both say the same."""
    agreed = [case for case in cases if ours(case) == theirs(case)]
    mine = microseconds(ours, agreed, rounds=10)
    other = microseconds(theirs, agreed, rounds=1)
    share = f"{len(agreed)} of {len(cases)} agree"
    return Figure(
        what,
        f"{mine:.1f} µs",
        f"businesstimedelta {other:,.0f} µs, {share}",
        f"{other / mine:,.0f} x",
        "5 x faster",
        other / mine >= 5,
    )


def far(starts: Sequence[datetime]) -> list[Figure]:
    """Add, subtract and between over five years, two windows a day, and what is behind them."""
    calendar = rules.compile_calendar(SPLIT)
    begun = time.perf_counter()
    seconds = rules.between(calendar, starts[0], starts[0] + FIVE_YEARS)
    first = time.perf_counter() - begun
    acts: list[tuple[str, Callable[[datetime], object]]] = [
        ("add five years", lambda s: rules.add(calendar, s, seconds)),
        ("subtract five years", lambda s: rules.subtract(calendar, s + FIVE_YEARS, seconds)),
        ("between five years", lambda s: rules.between(calendar, s, s + FIVE_YEARS)),
        ("next opening", lambda s: rules.next_open(calendar, s)),
    ]
    figures = []
    for what, act in acts:
        took = microseconds(act, starts)
        figures.append(Figure(f"{what}, median", f"{took:.1f} µs", goal="50 µs", met=took < 50))
    writing = microseconds(lambda s: receipts.receipt(calendar, s, 50 * HOUR), starts[:50])
    kept = receipts.receipt(calendar, starts[0], seconds)
    reading = microseconds(receipts.recompute, [kept] * 5)
    return [
        *figures,
        Figure("first question over five years", f"{first * 1000:.1f} ms"),
        Figure("receipt of 50 hours", f"{writing:.0f} µs"),
        Figure("recompute a receipt of five years", f"{reading:,.0f} µs"),
    ]


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the form that command() calls
    """All figures of one run."""
    dice = random.Random(4)
    count = 100 if quick else 400
    begin = datetime(2026, 1, 5, 12, tzinfo=UTC)
    starts = [begin + timedelta(minutes=dice.randrange(300 * 1440)) for _ in range(count)]
    calendar, peer = rules.compile_calendar(BODY), Peer()
    figures = far(starts)
    for hours in (8, 40, 400):
        figures.append(
            beside(
                f"add {hours} h",
                lambda s, h=hours: rules.add(calendar, s, h * HOUR),  # type: ignore[misc]
                lambda s, h=hours: peer.add(s, h * HOUR),  # type: ignore[misc]
                starts[: count // 2],
            )
        )
    for span in (timedelta(days=5), timedelta(days=50), FIVE_YEARS):
        figures.append(
            beside(
                f"between, {span.days} days apart",
                lambda s, d=span: rules.between(calendar, s, s + d),  # type: ignore[misc]
                lambda s, d=span: peer.between(s, s + d),  # type: ignore[misc]
                starts[: 10 if span is FIVE_YEARS else count // 2],
            )
        )
    return figures


def oracle(count: int, seed: str) -> int:
    """Compare with the oracle on so many random calendars; the number of differences."""
    from tests.calendars.asking import ask

    begun = time.perf_counter()
    different = 0
    for number in range(count):
        for question, ours, theirs in ask(f"{seed}/{number}", questions=1, longest_days=2):
            different += 1
            print(f"DIFFERENT {question}\n  wfweb  {ours}\n  oracle {theirs}", flush=True)
        if (number + 1) % 5000 == 0:
            took = time.perf_counter() - begun
            print(f"{number + 1:,} calendars, {different} differences, {took:.0f} s", flush=True)
    print(f"seed {seed}: {count:,} calendars, {different} differences")
    return different


def main() -> int:
    """Measure, or ask the oracle."""
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--oracle", type=int, metavar="CALENDARS")
    parser.add_argument("--seed", default="1")
    chosen, _ = parser.parse_known_args()
    if chosen.oracle:
        return int(oracle(chosen.oracle, chosen.seed) > 0)
    command("Business time", measure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
