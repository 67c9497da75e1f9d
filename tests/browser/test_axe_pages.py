"""Every kind of page in a real browser: axe finds nothing, nothing scrolls sideways, nothing fires.

One site with the world of tests/security, one browser window a size and colour scheme.
"""

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.people import sign_in
from tests.security.test_crawl import walk
from tests.security.world import World, build, inside
from tests.support.client import PageClient
from tests.support.looks import SIZES, faults
from wfweb.approvals.service import ask
from wfweb.kernel.db import db, transaction
from wfweb.records import talk

WALKERS = ("rui", "ada", "alma")
INJECTIONS = (
    '<div hx-post="/boo" hx-trigger="load">x</div>',
    '<div hx-get="/boo" hx-trigger="load" hx-target="body">x</div>',
    '<img src=x hx-get="/boo" hx-trigger="error">',
    '<form action="/boo" method="post" hx-post="/boo" hx-trigger="load"></form>',
    '"><div hx-post="/boo" hx-trigger="load"></div>',
    "'><div hx-post='/boo' hx-trigger='load'></div>",
    '</textarea><div hx-get="/boo" hx-trigger="load"></div>',
    '</title><div hx-get="/boo" hx-trigger="revealed"></div>',
    '</script><script>fetch("/boo")</script>',
    '<hx-partial hx-target="body"><img src="/boo"></hx-partial>',
    '<div data-hx-get="/boo" data-hx-trigger="load"></div>',
    "<div hx-on:load=\"fetch('/boo')\"></div>",
    "<div hx-on::after-init=\"fetch('/boo')\"></div>",
    "<svg onload=\"fetch('/boo')\"></svg>",
    '<img src="/boo" onerror="fetch(\'/boo\')">',
    '<iframe src="/boo"></iframe>',
    '<link rel="stylesheet" href="/boo">',
    '<meta http-equiv="refresh" content="0;url=/boo">',
    '<a href="/boo" hx-boost="true" hx-trigger="load" hx-get="/boo">x</a>',
    '<div hx-get="/boo" hx-trigger="every 1ms"></div>',
    '<template><div hx-get="/boo" hx-trigger="load"></div></template>',
    "&lt;div hx-get=/boo hx-trigger=load&gt;",
)


class _Site:
    """The world, served; ``signed`` gives the cookie of a person."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url = world, url

    def signed(self, who: str) -> dict[str, Any]:
        client = self.world.app.test_client()
        sign_in(client, self.world.people[who])
        cookie = client.get_cookie("wfweb", domain="localhost")
        assert cookie is not None
        return {"name": "wfweb", "value": cookie.value, "url": self.url}


@pytest.fixture(scope="module")
def served(
    servers: Any, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[_Site]:
    from wfweb.app import create_app
    from wfweb.dev.supervisor import free_port
    from wfweb.kernel.settings import load_settings

    name, port = f"wfweb_axe_{os.getpid()}", free_port()
    storage = tmp_path_factory.mktemp("axe")
    app = create_app(load_settings(
        database_url=servers.create(name, template), redis_url=servers.redis_url,
        base_url=f"http://127.0.0.1:{port}", storage_dir=str(storage), environment="test",
        secret_key="only-for-tests-" + "x" * 32,
    ))  # fmt: skip
    app.test_client_class = PageClient
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with app.app_context():
            yield _Site(build(app), f"http://127.0.0.1:{port}")
            db.session.remove()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()
        servers.drop(name)


def window(browser: Browser, site: _Site, who: str | None, width: int, height: int) -> Page:
    context = browser.new_context(
        base_url=site.url, viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    if who:
        context.add_cookies([site.signed(who)])  # type: ignore[list-item]
    return context.new_page()


def kinds_of_pages(site: _Site) -> list[tuple[str | None, str]]:
    """Return one address of each kind of page, with somebody who sees it."""
    match = site.world.app.url_map.bind("localhost").match
    found: dict[str, tuple[str | None, str]] = {}
    with inside(site.world) as world:
        for who in (*WALKERS, None):
            for path, status in walk(world, who).items():
                endpoint = match(path.partition("?")[0], "GET")[0]
                if status != 200 or endpoint in found or endpoint == "asset":
                    continue
                with world.client(who).get(path) as answer:
                    if answer.mimetype == "text/html" and answer.text.startswith("<!doctype"):
                        found[endpoint] = (who, path)
    return list(found.values())


@pytest.mark.timeout(400)
def test_axe_finds_nothing_on_any_page(chromium: Browser, served: _Site):
    """Light and dark, on a desk and on a phone; no page scrolls sideways, at 320 px neither."""
    pages = kinds_of_pages(served)
    assert len(pages) > 40
    wrong: list[str] = []
    for who in (*WALKERS, None):
        tab = window(chromium, served, who, *SIZES["wide"])
        for path in (path for walker, path in pages if walker == who):
            tab.set_viewport_size({"width": 1440, "height": 900})
            tab.goto(path, wait_until="domcontentloaded")
            wrong += faults(tab, path)
        tab.context.close()
    assert wrong == [], "\n".join(wrong)


def test_what_people_write_makes_no_page_ask_for_anything(chromium: Browser, served: _Site):
    """htmx reads attributes: words of people must never become any, on no page and in no part."""
    world = served.world
    requester = world.people["rui"]
    with transaction(actor=requester.actor):
        for text in INJECTIONS:
            talk.comment("record", world.order[1], text)
    asker = world.people["mia"]
    with transaction(actor=asker.actor):
        for text in INJECTIONS:
            ask(world.waiting[1], text)
    record = f"/records/{world.values['type_code']}/{world.order[0]}"
    request = f"/requests/{world.waiting[0]}"
    for who, paths in {
        "mia": (request, f"/inbox?open={world.waiting[0]}", record),
        "auditor": (record, f"/audit/record/{world.order[1]}"),
    }.items():
        tab = window(chromium, served, who, *SIZES["wide"])
        asked: list[str] = []
        tab.on("request", lambda sent, asked=asked: asked.append(f"{sent.method} {sent.url}"))
        for path in paths:
            tab.goto(path, wait_until="load")
            tab.mouse.wheel(0, 20_000)
            tab.wait_for_timeout(300)
        tab.context.close()
        assert [one for one in asked if "boo" in one or not one.startswith("GET ")] == []
        assert any(record in one or request in one for one in asked)
