"""Lines to other systems that are hung up after so long, however slowly the other side talks.

The time limits of a socket begin anew with every byte; one byte a second would hold a worker for
ever. A watch beside the line ends it instead, in the handshake of TLS as well.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@contextlib.contextmanager
def limited(session: requests.Session, seconds: float) -> Iterator[None]:
    """Hang every line of a session up this many seconds after it was opened."""
    with contextlib.ExitStack() as until_done:

        def watch(opened: socket.socket) -> None:
            # A second handle: wrapping a socket in TLS takes the first one away.
            line = until_done.enter_context(opened.dup())
            timer = threading.Timer(seconds, _hang_up, [line])
            timer.daemon = True
            until_done.callback(timer.cancel)
            timer.start()

        pools = _pools(watch)
        for adapter in session.adapters.values():
            adapter.poolmanager.pool_classes_by_scheme = pools  # type: ignore[attr-defined]
        yield


def _pools(watch: Callable[[socket.socket], None]) -> dict[str, type[HTTPConnectionPool]]:
    class Watched:
        def _new_conn(self) -> socket.socket:
            opened: socket.socket = super()._new_conn()  # type: ignore[misc]
            watch(opened)
            return opened

    class Line(Watched, HTTPConnection):
        pass

    class SecureLine(Watched, HTTPSConnection):
        pass

    class Lines(HTTPConnectionPool):
        ConnectionCls = Line

    class SecureLines(HTTPSConnectionPool):
        ConnectionCls = SecureLine

    return {"http": Lines, "https": SecureLines}


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
