"""One request to another system: signed, no redirects, no way into one's own network."""

import time
from dataclasses import dataclass
from datetime import datetime

import requests
import urllib3
from requests_hardened import Config, Manager

from wfweb.kernel.settings import get_settings
from wfweb.webhooks import line, signing

CONNECT_SECONDS, ANSWER_SECONDS = 5, 15
LONGEST_ANSWER_BYTES = 2_000
LONGEST_REASON = 1_000
TOO_LATE = "no answer in time"


class Refused(Exception):  # noqa: N818 - an answer of the other side, or of our own guard
    """The other system did not take the message; worth another try."""

    def __init__(
        self, reason: str, status: int | None = None, *, seconds: float = 0, retry_after: str = ""
    ) -> None:
        """Keep the sentence for people, and what there was of an answer.

        :param seconds: how long it took.
        :param retry_after: that header, as it came.
        """
        super().__init__(reason[:LONGEST_REASON])
        self.status, self.seconds, self.retry_after = status, seconds, retry_after


@dataclass(frozen=True, slots=True)
class Taken:
    """The other system took the message, after so many seconds."""

    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it leaves; ``older_secret`` signs too while a new one is being handed out."""

    url: str
    secret: str
    message_id: str
    body: bytes
    older_secret: str = ""


def post(message: Outgoing, at: datetime) -> Taken:
    """Send a message, within :data:`ANSWER_SECONDS` after the line is there.

    :raises Refused: for any answer but 2xx, for no answer in time, and for an address in a private
        network unless ``WFWEB_WEBHOOK_PRIVATE_ADDRESSES`` allows those.
    """
    older = (message.older_secret,) if message.older_secret else ()
    headers = {
        "content-type": "application/json",
        **signing.sign(message.secret, message.message_id, at, message.body, *older),
    }
    began = time.monotonic()
    try:
        with (
            _session() as session,
            line.limited(session, ANSWER_SECONDS),
            session.request(
                "POST", message.url, data=message.body, headers=headers, stream=True
            ) as answer,
        ):
            status, seconds = int(answer.status_code), time.monotonic() - began
            said = b"" if answer.ok else _beginning(answer)
    except (requests.RequestException, ValueError) as error:
        seconds = time.monotonic() - began
        reason = TOO_LATE if seconds >= ANSWER_SECONDS else f"{type(error).__name__}: {error}"
        raise Refused(reason, seconds=seconds) from None
    if seconds >= ANSWER_SECONDS:  # hung up in the middle of the headers
        raise Refused(TOO_LATE, seconds=seconds)
    if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110: 2xx alone means taken
        return Taken(status, seconds)
    text = said.decode(errors="replace")
    retry_after = answer.headers.get("Retry-After", "")
    raise Refused(f"answered {status}: {text}", status, seconds=seconds, retry_after=retry_after)


def _beginning(answer: requests.Response) -> bytes:
    """Return the beginning of what a refusal says, for people: nothing depends on it."""
    try:
        said: bytes = answer.raw.read(LONGEST_ANSWER_BYTES, decode_content=True)
    except (urllib3.exceptions.HTTPError, OSError, ValueError):
        return b""
    return said


def _session() -> requests.Session:
    config = Config(
        ip_filter_enable=not get_settings().webhook_private_addresses,
        ip_filter_allow_loopback_ips=False,
        never_redirect=True,
        default_timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        user_agent_override="wfweb",
    )
    session: requests.Session = Manager(config).get_session()
    # A proxy from the environment would look the address up instead of us.
    session.trust_env = False
    return session
