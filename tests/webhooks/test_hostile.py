"""Receivers that are slow, endless, broken or somewhere else than they were."""

import socket
import time
from typing import Any

import pytest

from tests.webhooks.conftest import Post
from tests.webhooks.receiver import answering, receiving
from wfweb.kernel import clock
from wfweb.kernel.settings import load_settings
from wfweb.webhooks import sending, signing

OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = b"HTTP/1.1 500 No\r\n"


def outgoing(url: str) -> sending.Outgoing:
    return sending.Outgoing(url, signing.new_secret(), "msg_1", b"{}")


@pytest.fixture
def hurried(near: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One second instead of fifteen."""
    monkeypatch.setattr(sending, "ANSWER_SECONDS", 1)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"",),
        (OK, b"x-dull: "),
        (BROKEN + b"\r\n", b"drip "),
    ],
    ids=["silence", "headers for ever", "an answer for ever"],
)
def test_nobody_holds_a_worker_longer_than_the_answer_may_take(hurried, pieces):
    with answering(*pieces, b".", pause=0.2, endless=True) as url:
        began = time.monotonic()
        with pytest.raises(sending.Refused):
            sending.post(outgoing(url), clock.now())
        assert time.monotonic() - began < 3


def test_a_handshake_of_tls_that_never_ends_is_ended_too(hurried):
    with answering(b"\x16", pause=0.2, endless=True) as url:
        began = time.monotonic()
        with pytest.raises(sending.Refused):
            sending.post(outgoing(url.replace("http:", "https:")), clock.now())
        assert time.monotonic() - began < 3


def test_an_endless_answer_that_took_the_message_is_not_read(near):
    with answering(OK + b"\r\n", b"x" * 65536, endless=True) as url:
        assert sending.post(outgoing(url), clock.now()).status == 200


def test_of_an_endless_refusal_the_beginning_is_kept(near):
    with (
        answering(BROKEN + b"\r\n", b"x" * 65536, endless=True) as url,
        pytest.raises(sending.Refused) as refused,
    ):
        sending.post(outgoing(url), clock.now())
    assert refused.value.status == 500
    assert len(str(refused.value)) <= 1000


@pytest.mark.parametrize(
    "answer",
    [
        BROKEN + b"content-length: 100\r\n\r\nshort",
        BROKEN + b"content-encoding: gzip\r\n\r\nthis is no gzip",
        BROKEN + b"transfer-encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["cut off", "no gzip", "no chunk", "no HTTP", "nothing"],
)
def test_whatever_is_answered_is_noted_and_tried_again(mail: Post, answer):
    with answering(answer) as url:
        mail.endpoint(url)
        call_id = mail.write()
        assert mail.deliver(call_id) == 0
    noted = mail.call(call_id)
    assert (noted.state, noted.attempts) == ("pending", 1)
    assert noted.error
    assert mail.message(call_id).state == "pending"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(mail: Post, status):
    with receiving(200) as elsewhere, receiving(status, location=elsewhere.url) as receiver:
        mail.endpoint(receiver.url)
        call_id = mail.write()
        assert mail.deliver(call_id) == 0
    assert elsewhere.got == []
    assert (mail.call(call_id).state, mail.call(call_id).answer_status) == ("pending", status)


def test_a_name_that_changes_its_address_after_the_check_is_not_asked_again(monkeypatch):
    """The address that was checked is the one that is called, whatever the name says then."""
    asked: list[str] = []
    look_up = socket.getaddrinfo
    monkeypatch.setattr(sending, "get_settings", load_settings)

    def lying(host: Any, port: Any, *more: Any, **options: Any) -> Any:
        asked.append(host)
        if host == "rebind.example":
            there = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (there, port))]
        if host == "93.184.216.34":  # the wire to the public address ends at the right receiver
            right = int(public.url.split(":")[2].split("/")[0])
            return look_up("127.0.0.1", right, *more, **options)
        return look_up(host, port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lying)
    with receiving(200) as public, receiving(200) as private:
        url = private.url.replace("127.0.0.1", "rebind.example")
        assert sending.post(outgoing(url), clock.now()).status == 200
    assert asked.count("rebind.example") == 1
    assert (len(public.got), private.got) == (1, [])
    assert public.got[0][0]["host"].startswith("rebind.example:")


OWN_NETWORK = """
10.0.0.1 192.168.1.1 172.16.0.1 100.64.0.1 0.0.0.0 224.0.0.1 255.255.255.255 localhost
[::1] [fe80::1] [::ffff:10.0.0.1] [64:ff9b::7f00:1]
"""


@pytest.mark.parametrize("host", OWN_NETWORK.split())
def test_no_address_of_ones_own_network_is_called(host):
    with pytest.raises(sending.Refused, match=r"InvalidIPAddress|Failed to resolve"):
        sending.post(outgoing(f"http://{host}:9/"), clock.now())
