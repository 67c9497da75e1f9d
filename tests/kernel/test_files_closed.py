"""No request leaves an open file behind: not a refused upload, not a static file half read."""

import gc
from io import BytesIO
from tempfile import SpooledTemporaryFile

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from wfweb.kernel.application import ClosingRequest
from wfweb.kernel.assets import asset

BOUNDARY = "line"
LARGE = 700_000  # above the 500 KB from which Werkzeug keeps an upload on disk


def multipart(*parts: tuple[str, bytes], end: bool = True) -> bytes:
    lines = b"".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        + (b'; filename="a.bin"' if len(content) > 1 else b"")
        + b"\r\n\r\n"
        + content
        + b"\r\n"
        for name, content in parts
    )
    return lines + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


@pytest.fixture
def client() -> FlaskClient:
    application = Flask("uploads")
    application.request_class = ClosingRequest
    application.config.update(TESTING=False, MAX_FORM_PARTS=3, MAX_CONTENT_LENGTH=2_000_000)

    @application.post("/")
    def take() -> str:
        return ",".join(sorted(request.files))

    return application.test_client()


def open_files() -> int:
    found = [one for one in gc.get_objects() if type(one) is SpooledTemporaryFile]
    return sum(not one.closed for one in found)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (multipart(("file", b"x" * LARGE)), 200),
        (multipart(("file", b"x" * LARGE), *[(f"f{n}", b"1") for n in range(5)]), 413),
        (multipart(("file", b"x" * LARGE), end=False), 200),
    ],
    ids=["taken", "too many parts", "cut off"],
)
def test_an_upload_is_closed_however_its_request_ends(
    client: FlaskClient, body: bytes, status: int
) -> None:
    gc.collect()
    gc.disable()  # what is still open must have been closed by the request, not by chance
    try:
        before = open_files()
        answer = client.post(
            "/",
            input_stream=BytesIO(body),
            content_length=len(body),
            content_type=f"multipart/form-data; boundary={BOUNDARY}",
        )
        assert answer.status_code == status
        assert open_files() == before
    finally:
        gc.enable()


def test_a_static_file_that_nobody_reads_holds_nothing_open(app: Flask) -> None:
    browser = app.test_client()
    answer = browser.get(asset("css/tokens.css"), buffered=False)
    assert answer.status_code == 200
    assert not hasattr(answer.response, "file")
    etag = answer.headers["ETag"]
    again = browser.get(asset("css/tokens.css"), headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    part = browser.get(asset("css/tokens.css"), headers={"Range": "bytes=0-3"})
    assert part.data in {answer.data, answer.data[:4]}
    missing = ("0123456789/../wsgi.py", "0123456789/css", "short/css/tokens.css")
    assert {browser.get(f"/static/{path}").status_code for path in missing} == {404}
