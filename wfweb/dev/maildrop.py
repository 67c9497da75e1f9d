"""Reading the mail that the mail catcher kept."""

from __future__ import annotations

import email
import email.policy
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"(?P<nanoseconds>\d{20})-[0-9a-f]{6}")
_NANOSECONDS: Final = 1_000_000_000


@dataclass(frozen=True)
class Mail:
    """One kept message, as the pages show it."""

    name: str
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str
    html: str
    attachments: tuple[str, ...]


def newest_first(folder: Path, *, to: str = "", limit: int = 200) -> list[Mail]:
    """The newest messages, at most ``limit``; ``to`` is a part of the receiver's address."""
    found: list[Mail] = []
    for path in sorted(folder.glob("[0-9]*.eml"), reverse=True):
        mail = find(folder, path.stem)
        if mail is None or (to and to.casefold() not in " ".join(mail.recipients).casefold()):
            continue
        found.append(mail)
        if len(found) == limit:
            break
    return found


def find(folder: Path, name: str) -> Mail | None:
    """The message with this name; None when there is none or the name is not one of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        raw = (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    seconds = int(match["nanoseconds"]) / _NANOSECONDS
    recipients = _recipients(message)
    return Mail(
        name=name,
        at=datetime.fromtimestamp(seconds, UTC),
        sender=str(message.get("From", "")),
        recipients=recipients,
        subject=str(message.get("Subject", "")),
        headers=tuple((key, str(value)) for key, value in message.items()),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        attachments=tuple(part.get_filename() or "unnamed" for part in message.iter_attachments()),
    )


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    try:
        envelope = json.loads(str(message.get("X-Envelope-To", "[]")))
    except ValueError:
        envelope = []
    return tuple(str(address) for address in envelope) or (str(message.get("To", "")),)


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    content = body.get_content()
    return content if isinstance(content, str) else ""
