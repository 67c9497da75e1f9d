"""The form of a person's choices: what was typed, as the fields show it and as data."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from wfweb.notifications.rules import CHANNELS, GROUPS, NEVER_OFF, Wishes
from wfweb.notifications.schemas import body_of

LONGEST = 40
_DEFAULTS = {"quiet.start": "20:00", "quiet.end": "07:00"}
WEEK = (
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
)
MODES = (("at_once", "At once"), ("digest", "In the digest"), ("off", "Not at all"))
CHANNEL_LABELS = {"in_app": "Inside wfweb", "email": "By mail"}
EVERY = (("day", "Once a day"), ("hour", "Every full hour"))


def modes_of(group: str, channel: str) -> tuple[tuple[str, str], ...]:
    """Return what can be chosen for a group and a channel."""
    return MODES[:2] if (group, channel) in NEVER_OFF else MODES


def values_of(wishes: Wishes) -> dict[str, Any]:
    """Return the fields that show choices."""
    body = body_of(wishes)
    quiet = body["quiet"]
    values: dict[str, Any] = {
        f"channels.{group}.{channel}": body["channels"][group][channel]
        for group in GROUPS
        for channel in CHANNELS
    }
    values["quiet.on"] = quiet is not None
    values["quiet.start"] = quiet["start"] if quiet else _DEFAULTS["quiet.start"]
    values["quiet.end"] = quiet["end"] if quiet else _DEFAULTS["quiet.end"]
    values["quiet.days"] = quiet["days"] if quiet else [day for day, _label in WEEK]
    values["digest.every"], values["digest.at"] = wishes.digest.every, wishes.digest.at
    return values


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the fields as they were sent."""
    names = [f"channels.{group}.{channel}" for group in GROUPS for channel in CHANNELS]
    names += ["quiet.start", "quiet.end", "digest.every", "digest.at"]
    values: dict[str, Any] = {name: form.get(name, "")[:LONGEST] for name in names}
    values["quiet.on"] = form.get("quiet.on") == "true"
    values["quiet.days"] = [day[:LONGEST] for day in form.getlist("quiet.days")[: len(WEEK)]]
    return values


def data_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed as the API takes it; hours that are switched off are left out."""
    data: dict[str, Any] = {
        "channels": {
            group: {channel: values[f"channels.{group}.{channel}"] for channel in CHANNELS}
            for group in GROUPS
        },
        "digest": {"every": values["digest.every"], "at": values["digest.at"]},
    }
    if values["quiet.on"]:
        data["quiet"] = {part: values[f"quiet.{part}"] for part in ("start", "end", "days")}
    return data
