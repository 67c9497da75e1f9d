"""What a file really is: told by its first bytes, never by what the browser claims."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

HEAD_BYTES: Final = 4096
LONGEST_NAME: Final = 150

_ZIP = "application/zip"
_TEXT = "text/plain"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."

# Extension -> (content type to serve, what the first bytes must show).
TAKEN: Final[Mapping[str, tuple[str, str]]] = {
    "pdf": ("application/pdf", "application/pdf"),
    "png": ("image/png", "image/png"),
    "jpg": ("image/jpeg", "image/jpeg"),
    "jpeg": ("image/jpeg", "image/jpeg"),
    "gif": ("image/gif", "image/gif"),
    "webp": ("image/webp", "image/webp"),
    "txt": (_TEXT, _TEXT),
    "md": (_TEXT, _TEXT),
    "log": (_TEXT, _TEXT),
    "csv": ("text/csv", _TEXT),
    "json": ("application/json", _TEXT),
    "eml": ("message/rfc822", _TEXT),
    "docx": (_OFFICE + "wordprocessingml.document", _ZIP),
    "xlsx": (_OFFICE + "spreadsheetml.sheet", _ZIP),
    "pptx": (_OFFICE + "presentationml.presentation", _ZIP),
    "odt": ("application/vnd.oasis.opendocument.text", _ZIP),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _ZIP),
    "zip": (_ZIP, _ZIP),
}
_MAGIC: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"PK\x03\x04", _ZIP),
    (b"PK\x05\x06", _ZIP),
)


def content_of(head: bytes) -> str:
    """Return the content type that the first bytes show; ``""`` when it is none we know."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return _TEXT if _is_text(head) else ""


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    # A character of several bytes may be cut at the end of what was read.
    for cut in range(4):
        try:
            head[: len(head) - cut].decode("utf-8")
        except UnicodeDecodeError:
            continue
        return True
    return False


def serve_as(file_name: str, head: bytes) -> str | None:
    """Return the content type to serve a file with, or ``None`` when it is not taken.

    Both the extension and the content have to be among those taken, and to agree.
    """
    extension = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    known = TAKEN.get(extension)
    if known is None or content_of(head) != known[1]:
        return None
    return known[0]


def safe_name(given: str) -> str:
    """Return a file name fit to show and to download: no path, no control characters.

    It is only ever a label; files are stored under ids of our own.
    """
    name = re.split(r"[/\\]", given)[-1]
    # Control and format characters go: a right-to-left override makes ``exe.pdf`` of ``fdp.exe``.
    kept = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    name = re.sub(r"\s+", " ", kept).strip().strip(".")
    if len(name) > LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[: LONGEST_NAME - 12]}{dot}{extension[:10]}" if dot else name[:LONGEST_NAME]
    return name or "file"


def taken_words() -> str:
    """Return the extensions that are taken, for a hint or a refusal."""
    return ", ".join(sorted(TAKEN))
