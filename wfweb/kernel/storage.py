"""Where files live: behind one interface, outside the database (REC-3)."""

import os
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID, uuid4

CHUNK_BYTES = 64 * 1024


class Storage(Protocol):
    """Keeps bytes under ids that we choose; names given by people never reach it."""

    def put(self, source: BinaryIO, *, limit_bytes: int) -> tuple[UUID, int]:
        """Store a stream; return its id and size in bytes.

        :raises ValueError: when it is longer than ``limit_bytes``; nothing is kept then.
        """

    def open(self, storage_id: UUID) -> BinaryIO:
        """Open what was stored.

        :raises FileNotFoundError: when it is not there.
        """

    def delete(self, storage_id: UUID) -> None:
        """Remove what was stored; removing what is not there is fine."""


class LocalStorage:
    """Files in a folder of this machine, in 256 sub-folders."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, storage_id: UUID) -> Path:
        return self._root / storage_id.hex[:2] / storage_id.hex

    def put(self, source: BinaryIO, *, limit_bytes: int) -> tuple[UUID, int]:
        """Store a stream; it appears under its id only when it is complete."""
        storage_id = uuid4()
        path = self._path(storage_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        size = 0
        try:
            with partial.open("xb") as target:
                while chunk := source.read(CHUNK_BYTES):
                    size += len(chunk)
                    if size > limit_bytes:
                        message = f"more than {limit_bytes} bytes"
                        raise ValueError(message)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
        return storage_id, size

    def open(self, storage_id: UUID) -> BinaryIO:
        """Open what was stored."""
        return self._path(storage_id).open("rb")

    def delete(self, storage_id: UUID) -> None:
        """Remove what was stored."""
        self._path(storage_id).unlink(missing_ok=True)
