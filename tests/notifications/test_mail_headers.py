"""What people write stays in the subject of a mail, whole, and becomes no header of its own."""

import json
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from tests.notifications.smtp import Sink
from tests.notifications.test_messages import ada, run_outbox, tell
from wfweb.identity.models import User
from wfweb.kernel import clock
from wfweb.kernel.ids import new_id
from wfweb.kernel.settings import get_settings
from wfweb.notifications import mail
from wfweb.notifications.rendering import Rendered, one_line

__all__ = ["ada"]
TEXTS = Path(__file__).parents[3] / "shared" / "data" / "text"
HEADERS = [
    *("From", "To", "Date", "Message-ID", "Auto-Submitted"),
    *("In-Reply-To", "References", "X-Wfweb-Thread", "Subject", "MIME-Version", "Content-Type"),
]
SMUGGLED = [
    "=?utf-8?q?=0d=0aBcc:_everybody@kestrel.example?=",
    "Cream =?utf-8?q?=0d=0a=0d=0aPay_at_once?= and milk",
    "=?utf-8?b?DQpCY2M6IGFAYi5jDQo=?=",
    "=?unknown?q?=0d=0aX-Other:_1?=",
    "a\r\nBcc: everybody@kestrel.example",
    "a\u2028Bcc: everybody@kestrel.example",
]
LONG = [
    "Genehmigung für zwölf höhenverstellbare Schreibtische und leise Türschließer, Büro 3",
    "❤️ 💔 💌 💕 💞 💓 💗 💖 💘 💝 💟 💜 💛 💚 💙 🧡 ❤️ 💔 💌 💕 💞 💓",
    "Approve a plain sentence that is so long that it has to go on in a second line of the header",
    "x" * 600,
    "bücher " * 80,
]


def naughty() -> list[str]:
    """Lines that have broken other programs."""
    if not TEXTS.is_dir():
        return []
    lines: list[str] = json.loads((TEXTS / "blns.json").read_text(encoding="utf-8"))
    return lines


def as_read(subject: str) -> EmailMessage:
    """Return a mail with this subject as its reader's program understands it."""
    with clock.at(datetime(2026, 3, 2, tzinfo=UTC)):
        made = mail.compose(
            Rendered(subject, "Heading", "Text", "<p>Text</p>"),
            to="ada@kestrel.example",
            message_id=new_id(),
            thread="APR-1.x",
            settings=get_settings(),
        )
    raw = made.as_bytes(policy=policy.SMTP)
    assert max(map(len, raw.split(b"\r\n"))) < 998
    return message_from_bytes(raw, policy=policy.default)


@pytest.mark.parametrize("around", ["{}", "Approve {} (today) [APR-1]", "zwölf {}"])
def test_every_subject_arrives_whole_and_brings_no_header(app: Flask, around: str) -> None:
    with app.app_context():
        for text in [*SMUGGLED, *LONG, *naughty()]:
            subject = around.format(text)
            found = as_read(subject)
            assert found["Subject"] == one_line(subject)
            assert sorted(found.keys()) == sorted(HEADERS), text
            assert found.get_body(("plain",)).get_content().strip() == "Text"


def test_the_title_of_an_order_adds_no_receiver(company: UUID, ada: User, sink: Sink) -> None:
    tell(company, ada, title=SMUGGLED[0])
    run_outbox(company)
    (found,) = sink.mails
    assert found["Bcc"] is None
    assert "=0d=0aBcc:_everybody" in found["Subject"]
