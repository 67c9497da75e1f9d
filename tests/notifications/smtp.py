"""An SMTP server for tests."""

import asyncio
import email
from email import policy


class Sink:
    """An SMTP server that answers as it is told and keeps what it was given."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.mails.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return answer
