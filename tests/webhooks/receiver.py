"""Real HTTP receivers on this machine, polite and hostile, as other systems would run them."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """Answers with the statuses it was given, the last one for ever; keeps what it got.

    ``before`` is called when a message has arrived and is not answered yet.
    """

    statuses: list[int]
    headers: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.got.append((headers, body))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        self.before()
        return status

    @property
    def ids(self) -> list[str]:
        """The ids of the messages it got, in order."""
        return [headers["webhook-id"] for headers, _body in self.got]


@contextmanager
def receiving(
    *statuses: int,
    location: str = "",
    headers: Mapping[str, str] | None = None,
    before: Callable[[], None] = lambda: None,
) -> Iterator[Receiver]:
    extra = dict(headers or {}) | ({"location": location} if location else {})
    receiver = Receiver(list(statuses), extra, before)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            got = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(got, self.rfile.read(length))
            with contextlib.suppress(OSError):  # whoever asked may be dead by now
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def answering(*pieces: bytes, pause: float = 0, endless: bool = False) -> Iterator[str]:
    """Yield the address of one that sends these bytes as they are, with pauses in between.

    :param endless: the last piece again and again, until the other side hangs up.
    """
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def talk(line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            line.recv(65536)
            for piece in pieces:
                line.sendall(piece)
                over.wait(pause)
            while endless and not over.is_set():
                line.sendall(pieces[-1])
                over.wait(pause)

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                talk(listener.accept()[0])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hooks"
    finally:
        over.set()
        thread.join()
        listener.close()
