"""A real browser against a real server process' worth of application.

Each test gets a database, an application and a server of its own, so that what people do in
the browser is committed as in production. Whatever the page logs as an error, throws or asks
of another host fails the test.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
)
from werkzeug.serving import make_server

from tests.people import PASSWORD, People, Person, make_people


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Site:
    """A running application: its address, people and application object."""

    url: str
    app: Flask
    people: People


@pytest.fixture
def site(
    servers: Any, template: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Site]:
    """The application on a database of its own, served at a local address, with the cast in it."""
    from tests.conftest import make_company
    from wfweb.app import create_app
    from wfweb.dev.supervisor import free_port
    from wfweb.kernel.db import db
    from wfweb.kernel.settings import get_settings

    port, name = free_port(), f"wfweb_browser_{os.getpid()}"
    monkeypatch.setenv("WFWEB_DATABASE_URL", servers.create(name, template))
    monkeypatch.setenv("WFWEB_BASE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("WFWEB_MAIL_CATCHER_DIR", str(tmp_path))
    get_settings.cache_clear()
    app = create_app()
    server = make_server("127.0.0.1", port, app, threaded=True)
    # Closing waits for the answers under way, so that none keeps a connection of the dropped
    # database.
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with app.app_context():
            yield Site(f"http://127.0.0.1:{port}", app, make_people(make_company()))
            db.session.remove()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
        servers.drop(name)
        monkeypatch.undo()
        get_settings.cache_clear()


@dataclass
class Complaints:
    """What a page complained about; ``expected`` holds parts of complaints a test provokes."""

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def unexpected(self) -> list[str]:
        return [text for text in self.found if not any(part in text for part in self.expected)]


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """Fails the test when a page complained about something the test did not expect."""
    collected = Complaints()
    yield collected
    assert collected.unexpected() == []


@pytest.fixture
def new_page(
    chromium: Browser, site: Site, complaints: Complaints
) -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a browser window of its own, signed in as nobody yet.

    Its keywords are Playwright's for a context (``color_scheme``, ``viewport``, ...).
    """
    contexts: list[BrowserContext] = []

    def keep_inside(route: Route) -> None:
        if "csrf_token=" in route.request.url:
            complaints.found.append(f"wrote a secret into {route.request.url}")
        if route.request.url.startswith(site.url):
            route.continue_()
        else:
            complaints.found.append(f"asked for {route.request.url}")
            route.abort()

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            complaints.found.append(f"{said.text} {said.location.get('url', '')}")

    def make(**options: Any) -> Page:
        context = chromium.new_context(base_url=site.url, **options)
        contexts.append(context)
        context.set_default_timeout(10_000)
        context.route("**/*", keep_inside)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.found.append(f"threw {error}"))
        page.on("console", note)
        return page

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """One page, signed in as nobody yet."""
    return new_page()


@pytest.fixture
def sign_in() -> Callable[[Page, Person], Page]:
    """Sign a person in through the sign-in page, as people do."""

    def act(page: Page, person: Person) -> Page:
        page.goto("/sign-in")
        page.fill('input[type="email"]', person.email)
        page.fill('input[type="password"]', PASSWORD)
        page.press('input[type="password"]', "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    return act
