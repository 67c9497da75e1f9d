"""A mail server that remembers whom it told what, and may be slow, refuse or hang up."""

import asyncio
import email
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP


class Sink:
    """Accepts mail on a local port in a thread of its own."""

    def __init__(self) -> None:
        self.ids: Counter[str] = Counter()
        self.recipients: Counter[str] = Counter()
        self.when: dict[str, float] = {}
        self.on_mail: Callable[[str], str | None] = lambda _recipient: None
        self.delay = 0.0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        assert self._started.wait(5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", 0)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Note the Message-ID; answer 250 unless ``on_mail`` names another answer."""
        recipient = envelope.rcpt_tos[0]
        answer = await asyncio.to_thread(self.on_mail, recipient)
        if self.delay:
            await asyncio.sleep(self.delay)
        if answer is not None and not answer.startswith("250"):
            return answer
        message_id = email.message_from_bytes(envelope.content)["Message-ID"]
        self.ids[message_id] += 1
        self.recipients[recipient] += 1
        self.when.setdefault(message_id, time.time())
        return answer or "250 Kept"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
