"""A receipt as sentences for people. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from wfweb.calendars.zones import names, zone

NAMED_AT_MOST = 6
WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}


def in_words(account: Mapping[str, Any]) -> str:
    """What a receipt says: due when, counted from when by which calendar, and what was left out."""
    sentences = [
        _due(account),
        _target(account),
        _later(account),
        *_left_out(account),
        *_paused(account),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def duration(seconds: float) -> str:
    """Seconds as hours, minutes and seconds: 50 h, 1 h 30 min, 20 s."""
    whole = round(seconds)
    parts = [(whole // 3600, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count) or "0 s"


def _due(account: Mapping[str, Any]) -> str:
    if account["due"]:
        return f"Due {_moment(account, account['due'])} ({account['zone']})."
    left = duration(account["remaining_seconds"])
    return f"There is no due time while the clock is paused; {left} of working time remain."


def _target(account: Mapping[str, Any]) -> str:
    calendar = account["calendar"]
    name = calendar["name"] or calendar["code"]
    version = f", version {calendar['version']}" if calendar["version"] else ""
    by = f" by the calendar “{name}”{version}" if name else ""
    target = duration(account["target_seconds"])
    return f"{target} of working time count from {_moment(account, account['start'])}{by}."


def _later(account: Mapping[str, Any]) -> str:
    """When counting began, where that was not at once."""
    if not account["counted"] or account["counted"][0]["from"] == account["start"]:
        return ""
    return f"Counting began {_moment(account, account['counted'][0]['from'])}."


def _left_out(account: Mapping[str, Any]) -> list[str]:
    found = []
    off = [_times(count, WEEKDAYS[day]) for day, count in account["days_off"].items()]
    special = account["special_days"]
    closed = [_named(entry) for entry in special if not entry.get("windows")]
    if off or closed:
        found.append(f"Not counted: {'; '.join([*_listed(off), *_some(closed)])}.")
    other = [
        f"{_named(entry)} open {_windows(entry)}"
        for entry in special
        if entry.get("windows") and entry["reason"] == "override"
    ]
    if other:
        found.append(f"Other hours: {'; '.join(_some(other))}.")
    breaks = [f"{_named(e)} {_windows(e)}" for e in special if e["reason"] == "break"]
    if breaks:
        found.append(f"Breaks: {'; '.join(_some(breaks))}.")
    return found


def _paused(account: Mapping[str, Any]) -> list[str]:
    told = []
    for pause in account["pauses"]:
        because = f" ({pause['reason']})" if pause["reason"] else ""
        since = _moment(account, pause["from"])
        if pause["to"] is None:
            told.append(f"since {since}{because}")
        else:
            left_out = duration(pause["business_seconds"])
            told.append(
                f"{since} to {_moment(account, pause['to'])}{because}, {left_out} of working time"
            )
    return [f"Paused: {'; '.join(_some(told))}."] if told else []


def _moment(account: Mapping[str, Any], text: str) -> str:
    place = zone(account["zone"]) if account["zone"] in names() else zone("UTC")
    shown = datetime.fromisoformat(text).astimezone(place)
    clock = f"{shown:%H:%M:%S}" if shown.second or shown.microsecond else f"{shown:%H:%M}"
    return f"{shown:%A}, {shown.day} {shown:%B} {shown.year}, {clock} {shown:%Z}"


def _named(entry: Mapping[str, Any]) -> str:
    day = date.fromisoformat(entry["date"])
    shown = f"{day.day} {day:%B} {day.year}"
    return f"{entry['name']} ({shown})" if entry.get("name") else shown


def _windows(entry: Mapping[str, Any]) -> str:
    return " and ".join(f"{opens}–{closes}" for opens, closes in entry["windows"])


def _times(count: int, what: str) -> str:
    return f"{count} {what}s" if count > 1 else f"1 {what}"


def _listed(parts: Sequence[str]) -> list[str]:
    return [" and ".join(parts)] if parts else []


def _some(parts: Sequence[str]) -> list[str]:
    """The first few and how many more."""
    if len(parts) <= NAMED_AT_MOST:
        return list(parts)
    return [*parts[:NAMED_AT_MOST], f"and {len(parts) - NAMED_AT_MOST} more"]
