"""The shape of a person's choices: in the API, in the form and in the row."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from wfweb.kernel.api import In, Out
from wfweb.kernel.api.schemas import example
from wfweb.notifications.rules import CHANNELS, GROUPS, Digest, Mode, Quiet, Wishes

Group = Literal[
    "approvals",
    "requests",
    "tasks",
    "deadlines",
    "alerts",
    "locks",
    "mentions",
    "workflows",
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"


def _is_time(text: str) -> str:
    if not re.fullmatch(TIME, text):
        message = "Use a time of the day such as 07:30"
        raise ValueError(message)
    return text


TimeOfDay = Annotated[
    str, AfterValidator(_is_time), Field(json_schema_extra={"pattern": f"^{TIME}$"})
]


class ChannelsOfGroup(In):
    """How one group of messages comes, by channel."""

    in_app: Mode = "at_once"
    email: Mode = "at_once"


class QuietHours(In):
    """Hours in which no mail comes, in your time zone. An end before the start is tomorrow."""

    start: TimeOfDay
    end: TimeOfDay
    days: Annotated[list[Weekday], Field(max_length=7)] = Field(
        description="The days on which the quiet hours start."
    )


class DigestTime(In):
    """When what is collected comes: every full hour, or daily at a time."""

    every: Literal["hour", "day"] = "day"
    at: TimeOfDay = "08:00"


class PreferencesIn(In):
    """All choices; what is left out comes at once and is never quiet."""

    model_config = example(
        {
            "channels": {"mentions": {"in_app": "at_once", "email": "digest"}},
            "quiet": {"start": "20:00", "end": "07:00", "days": ["mon", "tue", "wed", "thu"]},
            "digest": {"every": "day", "at": "08:00"},
            "version": 0,
        }
    )

    channels: dict[Group, ChannelsOfGroup] = Field(default_factory=dict)
    quiet: QuietHours | None = None
    digest: DigestTime = DigestTime()
    version: int | None = Field(default=None, description="Needed unless If-Match names it.")

    def wishes(self) -> Wishes:
        """Return the choices as the rules take them."""
        quiet = self.quiet
        return Wishes(
            channels={
                group: {"in_app": c.in_app, "email": c.email} for group, c in self.channels.items()
            },
            quiet=Quiet(quiet.start, quiet.end, tuple(quiet.days)) if quiet else None,
            digest=Digest(self.digest.every, self.digest.at),
        )


class PreferencesOut(Out):
    """What you are told and when; version 0 means that nothing was ever chosen."""

    channels: dict[Group, ChannelsOfGroup]
    quiet: QuietHours | None
    digest: DigestTime
    time_zone: str = Field(description="Your time zone, in which all these times are.")
    version: int


def body_of(wishes: Wishes) -> dict[str, Any]:
    """Return choices as they are stored and shown: every group and channel is named."""
    quiet = wishes.quiet
    return {
        "channels": {
            group: {channel: wishes.mode(group, channel) for channel in CHANNELS}
            for group in GROUPS
        },
        "quiet": {"start": quiet.start, "end": quiet.end, "days": list(quiet.days)}
        if quiet
        else None,
        "digest": {"every": wishes.digest.every, "at": wishes.digest.at},
    }


def wishes_from(body: dict[str, Any]) -> Wishes:
    """Read choices from a row."""
    return PreferencesIn.model_validate(body).wishes()
