"""What this application does otherwise than Flask: uploads, cookies of files, repeating an act."""

from itertools import count
from typing import IO, Any

from flask import Flask, Request, Response, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue

from wfweb.kernel.db import attempt
from wfweb.kernel.security import SAFE_METHODS

API_PREFIX = "/api/"
STATIC_PREFIX = "/static/"
_FLASHES = "_flashes"


class ClosingRequest(Request):
    """A request that closes every uploaded file when it ends, a refused one's too.

    Werkzeug closes the files of a form that it read to its end; those of a form refused half
    way (too many parts, cut off) it leaves to the garbage collector, with their disk space.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._received: list[IO[bytes]] = []

    def _get_file_stream(self, *args: Any, **kwargs: Any) -> IO[bytes]:
        stream = super()._get_file_stream(*args, **kwargs)
        self._received.append(stream)
        return stream

    def close(self) -> None:
        """Close what was uploaded; reading it afterwards is an error."""
        super().close()
        for stream in self._received:
            stream.close()


class PagesOnly(SecureCookieSessionInterface):
    """The form cookie, of pages alone: a static file is the same for everybody.

    Whatever looks into the session while a file is answered would otherwise make its answer
    vary by cookie, and caches between us and the browser would keep one copy a person.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Dress an answer with the session's cookie, unless it is a file."""
        if not request.path.startswith(STATIC_PREFIX):
            super().save_session(app, session, response)


class Application(Flask):
    """A Flask application whose pages repeat an act that the database broke off.

    The API does so itself, inside its operations, where it knows about idempotency keys.
    """

    request_class = ClosingRequest
    session_interface = PagesOnly()

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer a request; after a deadlock or a serialization failure, once more from the start.

        What the broken try said to the person is forgotten, and uploads are read anew.
        """
        dispatch = super().dispatch_request
        if request.path.startswith(API_PREFIX) or request.method in SAFE_METHODS:
            return dispatch()
        said = list(session.get(_FLASHES, []))
        tries = count()

        def once() -> ResponseReturnValue:
            if next(tries):
                _begin_again(said)
            return dispatch()

        return attempt(once)


def _begin_again(said: list[Any]) -> None:
    if session.get(_FLASHES, []) != said:
        session[_FLASHES] = list(said)
    for file in request.files.values():
        file.stream.seek(0)
