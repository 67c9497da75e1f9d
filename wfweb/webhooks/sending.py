"""One request to another system: signed, no redirects, no way into one's own network."""

from dataclasses import dataclass
from datetime import datetime

import requests
from requests_hardened import Config, Manager

from wfweb.kernel.settings import get_settings
from wfweb.webhooks import signing

CONNECT_SECONDS, ANSWER_SECONDS = 5, 15
LONGEST_ANSWER_BYTES = 2_000
GONE = 410


class Refused(Exception):  # noqa: N818 - an answer of the other side, or of our own guard
    """The other system did not take the message; worth another try."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        """Keep the sentence for people and, when there was an answer, its status."""
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it leaves."""

    url: str
    secret: str
    message_id: str
    body: bytes


def post(message: Outgoing, at: datetime) -> int:
    """Send a message; return the status when the other system took it (2xx).

    :raises Refused: for any other answer, for no answer, and for an address in a private network
        unless ``WFWEB_WEBHOOK_PRIVATE_ADDRESSES`` allows those.
    """
    headers = {
        "content-type": "application/json",
        **signing.sign(message.secret, message.message_id, at, message.body),
    }
    try:
        with (
            _session() as session,
            session.request(
                "POST", message.url, data=message.body, headers=headers, stream=True
            ) as answer,
        ):
            status = int(answer.status_code)
            said = b"" if answer.ok else answer.raw.read(LONGEST_ANSWER_BYTES, decode_content=True)
    except (requests.RequestException, ValueError) as error:
        raise Refused(f"{type(error).__name__}: {error}"[:1000]) from None
    if not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110: 2xx alone means taken
        text = said.decode(errors="replace")
        raise Refused(f"answered {status}: {text}"[:1000], status)
    return status


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
