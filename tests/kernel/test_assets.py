"""Static files: the same for everybody, kept for ever under an address that names the content."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.people import People
from wfweb.kernel.assets import ONE_YEAR_SECONDS, ROOT, asset

SHEET = "css/tokens.css"


def test_a_file_is_public_and_immutable(app: Flask) -> None:
    answer = app.test_client().get(asset(SHEET))
    assert answer.data == (ROOT / SHEET).read_bytes()
    kept = answer.cache_control
    assert (kept.public, kept.immutable, kept.max_age) == (True, True, ONE_YEAR_SECONDS)
    assert answer.get_etag()[0] == asset(SHEET).split("/")[2]


@pytest.mark.parametrize("condition", [{}, {"If-None-Match": "*"}, {"Range": "bytes=0-3"}])
def test_it_is_the_same_for_whoever_is_signed_in(
    people: People, client_of: Callable[..., FlaskClient], condition: dict[str, str]
) -> None:
    ada = client_of(people.ada)
    ada.get("/")  # leaves a form cookie behind as well
    answer = ada.get(asset(SHEET), headers=condition)
    assert "Set-Cookie" not in answer.headers
    assert "cookie" not in answer.vary
    assert "cookie" in ada.get("/").vary


def test_a_file_that_is_not_there_is_not_kept(app: Flask) -> None:
    answer = app.test_client().get("/static/0123456789/css/missing.css")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")
