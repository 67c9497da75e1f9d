"""A local mail server that keeps what it is sent: ``python -m wfweb.dev.mailcatcher PORT FOLDER``.

Every message becomes one ``.eml`` file whose name sorts by time of arrival, so messages survive
restarts and any mail program can open them. Nothing ever leaves the machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from aiosmtpd.smtp import Envelope, Session

_SIZE_LIMIT: Final = 30_000_000


class KeepInFolder:
    """aiosmtpd handler: one file per message."""

    def __init__(self, folder: Path) -> None:
        """Keep messages in ``folder``, which must exist."""
        self._folder = folder

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Write the message and answer only then: what was accepted is on disk."""
        name = f"{time.time_ns():020d}-{os.urandom(3).hex()}.eml"
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        # The envelope names who really gets it, which headers (Bcc, lists) need not say.
        head = f"X-Envelope-To: {json.dumps(envelope.rcpt_tos)}\r\n".encode("ascii", "replace")
        scratch = self._folder / f".{name}"
        scratch.write_bytes(head + raw)
        scratch.rename(self._folder / name)
        return f"250 Kept as {name}"


async def serve(port: int, folder: Path) -> None:
    """Accept mail on the local port until told to stop; raises OSError when it is taken."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    handler = KeepInFolder(folder)
    server = await loop.create_server(
        lambda: SMTP(
            handler, data_size_limit=_SIZE_LIMIT, enable_SMTPUTF8=True, hostname="localhost"
        ),
        host="127.0.0.1",
        port=port,
    )
    async with server:
        await stop.wait()


def main(argv: list[str]) -> None:
    """Run the mail catcher with the port and folder of the command line."""
    folder = Path(argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(int(argv[0]), folder))


if __name__ == "__main__":
    main(sys.argv[1:])
