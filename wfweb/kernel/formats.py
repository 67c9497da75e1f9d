"""How values look to people: money with cents, times with their zone, sizes, initials."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import format_currency, format_decimal
from cronsim import CronSim, CronSimError
from flask import Flask, g, has_request_context
from markupsafe import Markup, escape

from wfweb.kernel import clock

MAXIMUM_DECIMALS = 10
KILO = 1000


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose zone and language values are shown in."""

    time_zone: str
    locale: str


_reader: ContextVar[Reader | None] = ContextVar("wfweb_reader", default=None)


@contextmanager
def read_by(time_zone: str, locale_name: str) -> Iterator[None]:
    """Show values as one person reads them, outside a request: in a mail, say."""
    token = _reader.set(Reader(time_zone, locale_name))
    try:
        yield
    finally:
        _reader.reset(token)


def zone() -> ZoneInfo:
    """Return the time zone of the person who looks."""
    reader = _reader.get()
    if reader is not None:
        return ZoneInfo(reader.time_zone)
    name = getattr(g, "time_zone", None) if has_request_context() else None
    return ZoneInfo(name or "UTC")


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    try:
        return Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def locale() -> Locale:
    """Return the language and conventions of the person who looks."""
    reader = _reader.get()
    if reader is not None:
        return _locale(reader.locale)
    name = getattr(g, "locale", None) if has_request_context() else None
    return _locale(name or "en")


def number(value: object, *, decimals: int | None = None) -> str:
    """Return a number with separators; exact, with as many decimals as it has."""
    try:
        exact = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    places = decimals
    if places is None:
        exponent = exact.as_tuple().exponent
        places = min(MAXIMUM_DECIMALS, max(0, -exponent)) if isinstance(exponent, int) else 0
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(exact, format=pattern, locale=locale(), decimal_quantization=False))


def money(amount: object, currency: str = "EUR") -> str:
    """Return an amount in major units with its currency, e.g. ``€184,600.00``.

    Decimals beyond the currency's own are shown, because hiding them would show a
    different amount than the one decided about.
    """
    if amount is None or amount == "":
        return ""
    try:
        exact = Decimal(str(amount))
        return str(
            format_currency(exact, currency, locale=locale(), decimal_quantization=False)
            if _has_more_decimals(exact)
            else format_currency(exact, currency, locale=locale())
        )
    except (InvalidOperation, ValueError):
        return f"{amount} {currency}"


def _has_more_decimals(value: Decimal) -> bool:
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent < -2  # noqa: PLR2004 - cents


def local(instant: datetime | str) -> datetime:
    """Return an instant in the zone of the person who looks."""
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(zone())


def datetime_text(instant: datetime | str | None) -> str:
    """Return e.g. ``Fri 12 Nov 2026, 14:42 CET``."""
    if not instant:
        return ""
    moment = local(instant)
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M %Z}"


def date_text(day: date | str | None) -> str:
    """Return e.g. ``12 Nov 2026``."""
    if not day:
        return ""
    if isinstance(day, datetime):
        value: date = local(day).date()
    else:
        value = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{value.day} {value:%b %Y}"


def short_moment(instant: datetime | str | None) -> str:
    """Return the shortest clear form: ``today 12:52 CET``, ``Fri 14:42``, ``12 Nov 09:14``."""
    if not instant:
        return ""
    moment, present = local(instant), local(clock.now())
    days = (moment.date() - present.date()).days
    names = {0: "today", -1: "yesterday", 1: "tomorrow"}
    if days in names:
        return f"{names[days]} {moment:%H:%M %Z}"
    if 1 < days < 7:  # noqa: PLR2004 - a week names its days
        return f"{moment:%a %H:%M %Z}"
    year = "" if moment.year == present.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year} {moment:%H:%M %Z}"


def when(instant: datetime | str | None) -> Markup:
    """Return a ``<time>`` element: short text, full text in its title, instant for machines."""
    if not instant:
        return Markup("")
    moment = local(instant)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        datetime_text(moment),
        escape(short_moment(moment)),
    )


def filesize(size: int) -> str:
    """Return a size in bytes as people read it, e.g. ``412 kB``."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < KILO:
            return f"{value:.0f} {unit}" if unit in {"B", "kB"} else f"{value:.1f} {unit}"
        value /= KILO
    return f"{value:.1f} GB"


def schedule_text(cron: str, time_zone: str) -> str:
    """Return when a schedule comes, in words: ``at 06:00 on Monday (Europe/Berlin)``.

    :param cron: minute, hour, day, month, weekday. What is no such text is returned as it is.
    """
    try:
        words = CronSim(cron, clock.now()).explain()
    except CronSimError:
        return f"{cron} ({time_zone})"
    return f"{words[0].lower()}{words[1:]} ({time_zone})"


def initials(name: str) -> str:
    """Return one or two letters for an avatar."""
    words = [word for word in name.split() if word]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def register(app: Flask) -> None:
    """Give templates the filters of this module."""
    app.jinja_env.filters.update(
        when=when,
        date=date_text,
        datetime=datetime_text,
        moment=short_moment,
        money=money,
        number=number,
        filesize=filesize,
        initials=initials,
        schedule=schedule_text,
    )
