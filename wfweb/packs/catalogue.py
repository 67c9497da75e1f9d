"""Thousands of products with stock movements for a demo, from a few lines of data.

Every figure follows from the number of the product alone, so that all installations hold the
same ones and what the inventory rules find can be worked out independently.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

LOW_IN = 40
"""Every so many products one has less in stock than it should."""
WINDOW_DAYS = 44
"""How far back movements go; longer than the 30 days that count."""


@dataclass(frozen=True, slots=True)
class Product:
    """One product: what its record holds, and what was taken from stock how many hours ago."""

    number: int
    data: Mapping[str, Any]
    on_hand: int
    taken: tuple[tuple[int, int], ...]

    def taken_readings(self, present: datetime) -> Iterator[tuple[datetime, int]]:
        """Yield moment and quantity of what was taken, as seen from a moment."""
        for hours_ago, quantity in self.taken:
            yield present - timedelta(hours=hours_ago), quantity


def products(described: Mapping[str, Any]) -> Iterator[Product]:
    """Return the products that a catalogue describes, always the same ones."""
    for number in range(1, described["count"] + 1):
        yield _product(described, number)


def _product(described: Mapping[str, Any], number: int) -> Product:
    chance = Random(f"{described['seed']}-{number}")  # noqa: S311 - made-up figures, no secret
    category = chance.choice(sorted(described["categories"]))
    reorder_point = chance.randrange(20, 400, 5)
    daily = chance.randrange(1, 12)
    low = number % LOW_IN == 0
    on_hand = (
        chance.randrange(reorder_point + 1) if low else reorder_point + daily * 15 + number % 90
    )
    price = chance.randrange(80, 4200)
    data = {
        "name": " ".join(
            (
                chance.choice(described["lines"]),
                chance.choice(described["categories"][category]),
                f"{chance.choice(described['sizes'])},",
                f"no. {number:04d}",
            )
        ),
        "sku": f"KD-{number:05d}",
        "category": category,
        "unit": described["units"][category],
        "price": {"amount": f"{price / 100:.2f}", "currency": "EUR"},
        "cost": {"amount": f"{price * 7 // 10 / 100:.2f}", "currency": "EUR"},
        "stock": on_hand,
        "reorder_point": reorder_point,
    }
    return Product(number, data, on_hand, _taken(chance, daily))


def _taken(chance: Random, daily: int) -> tuple[tuple[int, int], ...]:
    """Return about six withdrawals; the oldest lie outside the days that count."""
    every = WINDOW_DAYS * 24 // 6
    return tuple(
        (hour + chance.randrange(every - 1), daily * chance.randrange(4, 11))
        for hour in range(1, WINDOW_DAYS * 24 - every, every)
    )
