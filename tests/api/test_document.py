"""The OpenAPI document, and the pages made of it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.api.conftest import Program
from wfweb.kernel.api import operations


@pytest.fixture
def document(app: Flask, rollback: None) -> dict[str, Any]:
    answer = app.test_client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.get_json()


def every(value: Any, name: str) -> Iterator[Any]:
    """Yield what stands under a name anywhere in a JSON value."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == name:
                yield one
            yield from every(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from every(one, name)


def test_it_is_valid(document: dict[str, Any]):
    assert document["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_reference_leads_somewhere(document: dict[str, Any]):
    for reference in set(every(document, "$ref")):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]


def test_it_holds_every_route_of_the_application_and_no_other(document: dict[str, Any], app: Flask):
    routes = {
        (method, re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/v1/")
    }
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    # A signature opens the door of incoming webhooks, no token: the guide describes it.
    signed = {("POST", "/api/v1/hooks/{endpoint_id}")}
    assert routes - described == {("GET", "/api/v1/openapi.json")} | signed
    assert described <= routes
    assert len(described) == len(operations())


def test_every_operation_says_how_it_refuses(document: dict[str, Any]):
    for item in document["paths"].values():
        for described in item.values():
            assert {"401", "403", "422", "429"} <= set(described["responses"])
            problems = described["responses"]["401"]["content"]
            assert list(problems) == ["application/problem+json"]
            assert described["security"][0]["token"][0] in {"read", "write", "admin"}


def test_schemas_describe_what_is_sent(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    assert schemas["RecordIn"]["additionalProperties"] is False
    assert schemas["Money"]["properties"]["amount"]["type"] == "string"
    assert set(schemas["Page" if "Page" in schemas else "RecordPage"]["required"]) == {
        "items",
        "next",
    }
    # Every member of an answer is always there, so clients need no guessing.
    for name in ("RecordOut", "ApprovalOut", "InstanceOut", "UserOut"):
        assert set(schemas[name]["required"]) == set(schemas[name]["properties"])


def test_it_needs_no_token_and_tells_nothing_of_a_company(
    document: dict[str, Any], api: Callable[..., Program]
):
    assert "Kestrel" not in str(document)
    assert api().get("/openapi.json").headers["Cache-Control"] == "public, max-age=300"


def test_the_pages_show_every_operation_with_its_own_anchor(app: Flask, rollback: None):
    client = app.test_client()
    overview = client.get("/api/docs")
    assert overview.status_code == 200
    assert overview.mimetype == "text/html"
    for operation in operations():
        anchor = f'href="/api/docs/{operation.blueprint.tag}#{operation.name}"'
        assert anchor in overview.text, operation.name
    for tag in {operation.blueprint.tag for operation in operations()}:
        text = client.get(f"/api/docs/{tag}").text
        for operation in operations():
            if operation.blueprint.tag == tag:
                assert f'id="{operation.name}"' in text
                assert "curl" in text


def test_links_between_the_pages_lead_somewhere(app: Flask, rollback: None):
    client = app.test_client()
    pages: dict[str, str] = {}
    waiting = ["/api/docs"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        pages[path] = answer.text
        for target in re.findall(r'href="(/api/docs[^"#]*)', answer.text):
            if target not in pages and target not in waiting:
                waiting.append(target)
    for path, text in pages.items():
        for target in re.findall(r'href="([^"]*#[^"]+)"', text):
            page, _, anchor = target.partition("#")
            if (page or path) in pages and anchor != "main":
                assert f'id="{anchor}"' in pages[page or path], (path, target)


def test_the_pages_fetch_nothing_from_elsewhere(app: Flask, rollback: None):
    text = app.test_client().get("/api/docs").text
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', text):
        assert address.startswith(("/", "#")), address
    assert "style=" not in text
    assert "<style" not in text
