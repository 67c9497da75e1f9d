"""The pages of tests/face in a real browser, served without an application or a database."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.face.environment import STATIC
from tests.face.stage import CONTENT_SECURITY_POLICY, Answer, Stage

TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stage: Stage

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            kind = TYPES.get(file.suffix, "text/plain")
            self._send(Answer(200, file.read_text(encoding="utf-8")), kind)
        else:
            self._send(self.stage.get(path), "text/html")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(parse_qsl(body, keep_blank_values=True))
        self._send(self.stage.post(self.path, form, dict(self.headers)), "text/html")

    def _send(self, answer: Answer, kind: str) -> None:
        content = answer.body.encode()
        self.send_response(answer.status)
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(content))}
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters is in the stage's list of posts."""


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A server with the pages of ``stage.py``; knows what was posted."""
    scene = Stage()
    handler = type("Handler", (_Handler,), {"stage": scene})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    scene.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield scene
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def show(chromium: Browser, stage: Stage) -> Iterator[Callable[..., Page]]:
    """Open a page of the stage in a window of its own; it may throw or break the CSP nowhere."""
    complaints: list[str] = []
    opened = []

    def open_page(path: str, **options: object) -> Page:
        context = chromium.new_context(base_url=stage.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(5_000)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
        )
        page.goto(path)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []
