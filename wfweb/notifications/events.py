"""What happens to the words of messages."""

from dataclasses import dataclass
from typing import ClassVar

from wfweb.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplateSaved(Event):
    """A company changed its words for a kind of message."""

    name: ClassVar[str] = "message_template.saved"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged(Event):
    """A person chose anew what they are told, and when."""

    name: ClassVar[str] = "notification_preferences.changed"
