"""Pure decisions about alerts: whether a value raises or clears, and whether people are told.

Everything here is plain arithmetic on plain values, so that evaluation, preview and tests
share one truth. Quantities are ``Decimal``; moments are aware.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

Operator = Literal["<", "<=", ">", ">="]
Move = Literal["raise", "repeat", "clear", "quiet"]
HeldBack = Literal["cooldown", "daily_cap", "silenced"]
Check = Literal["reorder_point", "fixed_threshold", "days_of_stock", "percentage"]

GRAVITY = {"info": 0, "warning": 1, "critical": 2, "urgent": 3}
USAGE_DAYS = 30
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Band:
    """Raise at one limit, clear at another: between them nothing changes."""

    operator: Operator
    raise_at: Decimal
    clear_at: Decimal


@dataclass(frozen=True, slots=True)
class Measured:
    """A value to be judged, and the band that judges it."""

    value: Decimal
    band: Band


@dataclass(frozen=True, slots=True)
class Stock:
    """What an inventory check looks at, in units; ``used`` is the usage of 30 days."""

    on_hand: Decimal | None
    on_order: Decimal = Decimal(0)
    used: Decimal = Decimal(0)
    reorder_point: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How often people are told about one rule and subject."""

    cooldown_minutes: int = 60
    daily_cap: int = 10


@dataclass(frozen=True, slots=True)
class Told:
    """When people were last told about one rule and subject, and how often that day (UTC)."""

    last_at: datetime | None = None
    day: date | None = None
    count: int = 0


def breaches(operator: Operator, value: Decimal, limit: Decimal) -> bool:
    """Tell whether a value stands on the wrong side of a limit."""
    if operator == "<":
        return value < limit
    if operator == "<=":
        return value <= limit
    if operator == ">":
        return value > limit
    return value >= limit


def judge(band: Band, value: Decimal, *, raised: bool) -> Move:
    """Return what a value does to a rule that is raised or not.

    Not raised: only the raising limit counts. Raised: it repeats while it breaches the raising
    limit, clears when it no longer breaches the clearing one, and waits in between.
    """
    if breaches(band.operator, value, band.raise_at):
        return "repeat" if raised else "raise"
    if raised and not breaches(band.operator, value, band.clear_at):
        return "clear"
    return "quiet"


def judge_plain(*, holds: bool, raised: bool) -> Move:
    """Return what a condition that holds or not does to a rule that is raised or not."""
    if holds:
        return "repeat" if raised else "raise"
    return "clear" if raised else "quiet"


def band_is_sound(band: Band) -> bool:
    """Tell whether the clearing limit lies on the quiet side of the raising one, or on it."""
    if band.operator in {"<", "<="}:
        return band.clear_at >= band.raise_at
    return band.clear_at <= band.raise_at


def daily_usage(used: Decimal) -> Decimal:
    """Return the mean use a day of what was used in :data:`USAGE_DAYS` days."""
    return used / USAGE_DAYS


def measure_stock(check: Check, stock: Stock, band: Band) -> Measured | None:
    """Return what an inventory check measures and against what; None when it cannot.

    ``reorder_point`` compares units on hand and on order with the record's reorder point (the
    band's limits are percentages of it, 100 by default); ``percentage`` is the same in percent;
    ``days_of_stock`` divides what is on hand by the mean daily use of 30 days and cannot be
    answered while nothing is used; ``fixed_threshold`` compares units on hand with the limit.
    """
    if stock.on_hand is None:
        return None
    there = stock.on_hand + stock.on_order
    if check == "fixed_threshold":
        return Measured(there, band)
    if check == "days_of_stock":
        usage = daily_usage(stock.used)
        return Measured(there / usage, band) if usage > 0 else None
    point = stock.reorder_point
    if point is None or point <= 0:
        return None
    if check == "percentage":
        return Measured(there * HUNDRED / point, band)
    limits = (limit * point / HUNDRED for limit in (band.raise_at, band.clear_at))
    return Measured(there, Band(band.operator, *limits))


def held_back(told: Told, limits: Limits, now: datetime, *, silenced: bool) -> HeldBack | None:
    """Return why nobody is told now; None when people are (I-30).

    Counted on the database's clock, so a sender's wrong clock neither wakes nor silences.
    """
    if silenced:
        return "silenced"
    cooldown = timedelta(minutes=limits.cooldown_minutes)
    # A clock that was set back must not let two messages come close together.
    if told.last_at is not None and abs(now - told.last_at) < cooldown:
        return "cooldown"
    if told.day == now.date() and told.count >= limits.daily_cap:
        return "daily_cap"
    return None


def after_telling(told: Told, now: datetime) -> Told:
    """Return what is remembered once people are told."""
    same_day = told.day == now.date()
    return Told(now, now.date(), told.count + 1 if same_day else 1)


def next_telling_at(
    why: HeldBack, told: Told, limits: Limits, now: datetime, silent_until: datetime | None
) -> datetime:
    """Return when what is held back is looked at again; always later than now."""
    soon = now + timedelta(minutes=1)
    if why == "cooldown" and told.last_at is not None:
        return max(told.last_at + timedelta(minutes=limits.cooldown_minutes), soon)
    if why == "daily_cap":
        return max(datetime.combine(now.date() + timedelta(days=1), time(), now.tzinfo), soon)
    return max(silent_until or soon, soon)


def graver(first: str, second: str) -> str:
    """Return the graver of two severities."""
    return max(first, second, key=lambda severity: GRAVITY[severity])


def is_grave(severity: str) -> bool:
    """Tell whether a severity breaks through: critical and urgent ones."""
    return GRAVITY[severity] >= GRAVITY["critical"]


def next_step_at(
    raised_at: datetime, minutes: Sequence[int], level: int, now: datetime
) -> datetime | None:
    """Return when the next escalation step is due, never in the past; None after the last.

    :param minutes: of every step, counted from when the alert was raised.
    :param level: how many steps were taken.
    """
    if level >= len(minutes):
        return None
    return max(raised_at + timedelta(minutes=minutes[level]), now)


def next_reminder_at(due_at: datetime, every_minutes: int, now: datetime) -> datetime:
    """Return the next reminder after one that was due; what was missed is not caught up."""
    step = timedelta(minutes=every_minutes)
    return due_at + step if due_at + step > now else now + step
