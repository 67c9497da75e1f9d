"""SMTP: one message, one connection, a clear answer about what became of it."""

import smtplib
import ssl
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit
from uuid import UUID

from wfweb.events.delivery import Undeliverable
from wfweb.kernel import clock
from wfweb.kernel.settings import Settings
from wfweb.notifications.rendering import Rendered, one_line

PERMANENT = 500
LONGEST_WORD = 60


def compose(
    rendered: Rendered, *, to: str, message_id: UUID, thread: str, settings: Settings
) -> EmailMessage:
    """Return a multipart mail: text first-class, HTML beside it, one conversation a thread.

    :raises Undeliverable: when the address cannot be one.
    """
    host = urlsplit(settings.public_url).hostname or "localhost"
    message = EmailMessage()
    # Set as it is: the library would look for encoded words in what people wrote, and write out
    # what it decodes, line breaks and further headers included.
    message.set_raw("Subject", _encoded(one_line(rendered.subject)))
    name, address = parseaddr(settings.mail_from)
    message["From"] = _address(address, one_line(name))
    message["To"] = _address(to)
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{message_id}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    if thread:
        # No mail has this id itself: it is the root that all mails of a thread answer.
        root = f"<thread.{thread}@{host}>"
        message["In-Reply-To"] = root
        message["References"] = root
        message["X-Wfweb-Thread"] = thread
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    return message


def _encoded(text: str) -> str:
    """Return text as the value of a header: ASCII in lines, or encoded words that hold it all."""
    plain = (
        text.isascii() and "=?" not in text and all(len(w) <= LONGEST_WORD for w in text.split())
    )
    charset = "us-ascii" if plain else "utf-8"
    return Header(text, charset, header_name="Subject").encode()


def _address(text: str, name: str = "") -> Address:
    try:
        return Address(display_name=name, addr_spec=text)
    except (ValueError, IndexError) as error:
        raise Undeliverable(f"{text!r} is not an address") from error


def send(message: EmailMessage, settings: Settings) -> None:
    """Hand a message to the SMTP server.

    :raises Undeliverable: when the server refuses it for good (5xx).
    :raises OSError: when it should be tried again (4xx, time-out, no connection).
    """
    timeout = settings.smtp_timeout_seconds
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=timeout) as server:
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(answer[0] for answer in error.recipients.values())
        raise _failure(code, str(error)) from error
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, f"{error.smtp_code} {error.smtp_error!r}") from error


def _failure(code: int, detail: str) -> Exception:
    return Undeliverable(detail) if code >= PERMANENT else ConnectionError(detail)
