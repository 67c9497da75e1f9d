"""Requests for another host than the installation's own are refused, except by its watchers."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.client import PageClient
from wfweb.kernel.settings import Settings

OURS = "https://approvals.kestrel.example"


@pytest.fixture
def client(app: Flask, rollback: None) -> Iterator[PageClient]:
    before: Settings = app.config["WFWEB"]
    app.config["WFWEB"] = before.model_copy(update={"base_url": OURS})
    yield app.test_client()
    app.config["WFWEB"] = before


def status(client: PageClient, host: str, path: str = "/sign-in") -> int:
    return int(client.get(path, headers={"Host": host}).status_code)


@pytest.mark.parametrize(
    "host",
    ["approvals.kestrel.example", "APPROVALS.kestrel.example:443", "localhost:8000", "[::1]:8000"],
)
def test_its_own_name_and_the_machine_itself_are_answered(client: PageClient, host: str) -> None:
    assert status(client, host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "approvals.kestrel.example.evil.example", "10.0.0.7", "evil.example:443", "["],
)
def test_a_foreign_host_is_refused_on_pages_and_in_the_api(client: PageClient, host: str) -> None:
    assert status(client, host) == 400
    refused = client.get("/api/v1/records", headers={"Host": host})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_request")
    posted = client.post("/sign-in", headers={"Host": host}, data={"email": "a", "password": "b"})
    assert posted.status_code in {400, 403}


def test_probes_are_answered_at_any_address(client: PageClient) -> None:
    assert status(client, "10.0.0.7:8000", "/livez") == 200
    assert status(client, "10.0.0.7:8000", "/readyz") in {200, 503}


def test_development_and_an_installation_without_an_address_take_any_host(
    client: PageClient, app: Flask
) -> None:
    settings: Settings = app.config["WFWEB"]
    for change in ({"environment": "development"}, {"base_url": ""}):
        app.config["WFWEB"] = settings.model_copy(update=change)
        assert status(client, "10.0.0.7") == 200
