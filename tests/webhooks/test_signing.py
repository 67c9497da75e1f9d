"""Standard Webhooks 1.0.0: the vector others published, and everything that must be refused."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wfweb.webhooks import signing
from wfweb.webhooks.signing import BadSignature

DATA = Path(__file__).parents[3] / "shared" / "data" / "webhooks" / "standard_webhooks.json"
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BODY = b'{"type":"order.paid"}'


@pytest.mark.skipif(not DATA.exists(), reason="the published vectors are not here")
def test_the_published_vector():
    (vector,) = json.loads(DATA.read_text())["sign"]
    at = datetime.fromtimestamp(vector["timestamp"], UTC)
    headers = signing.sign(vector["secret"], vector["id"], at, vector["payload"].encode())
    assert headers["webhook-signature"] == vector["signature"]
    assert signing.verify(vector["secret"], headers, vector["payload"].encode(), at) == vector["id"]


@pytest.fixture
def headers():
    return signing.sign(SECRET, "msg_1", NOW, BODY)


def test_several_signatures_of_which_one_is_right(headers):
    headers["webhook-signature"] = f"v1,AAAA v2,BBBB {headers['webhook-signature']}"
    assert signing.verify(SECRET, headers, BODY, NOW) == "msg_1"


@pytest.mark.parametrize(
    "secret", [SECRET, SECRET.removeprefix("whsec_"), "whsec_" + "aGVsbG8gd29ybGQ"]
)
def test_secrets_with_and_without_prefix_and_padding(secret):
    headers = signing.sign(secret, "msg_1", NOW, BODY)
    assert signing.verify(secret, headers, BODY, NOW) == "msg_1"


@pytest.mark.parametrize("name", signing.HEADERS)
def test_a_missing_header_is_refused(headers, name):
    del headers[name]
    with pytest.raises(BadSignature, match="header"):
        signing.verify(SECRET, headers, BODY, NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_old_and_future_messages_are_refused(headers, minutes):
    with pytest.raises(BadSignature, match="too far"):
        signing.verify(SECRET, headers, BODY, NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-timestamp", "noon"),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "١٧٠٠"),
        ("webhook-id", "msg_2"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v2,g0hM9SsE"),
        ("webhook-signature", "v1,ÄÄÄ"),
    ],
)
def test_anything_else_is_refused(headers, name, value):
    headers[name] = value
    with pytest.raises(BadSignature):
        signing.verify(SECRET, headers, BODY, NOW)


def test_another_body_is_refused(headers):
    with pytest.raises(BadSignature, match="fits"):
        signing.verify(SECRET, headers, BODY + b" ", NOW)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_no base64!"])
def test_without_a_secret_nothing_is_right(headers, secret):
    with pytest.raises(BadSignature, match="secret"):
        signing.verify(secret, headers, BODY, NOW)


def test_new_secrets_differ_and_serve():
    one, two = signing.new_secret(), signing.new_secret()
    assert one != two
    assert signing.verify(one, signing.sign(one, "m", NOW, BODY), BODY, NOW) == "m"
