"""Versions in headers: ``ETag``, ``If-Match``, ``If-None-Match`` (RFC 9110 section 13).

A tag is strong and reads ``"7-1f3a90c2"``: the version that changes are checked against, and
a mark of the content, because a record's state changes without its version. ``If-Match``
compares the version only, and takes ``"7"`` as well. A weak tag (``W/"7"``, as something on
the way may have made it) never matches there; ``If-None-Match`` takes it.
"""

import hashlib
import re

from flask import request

from wfweb.kernel.errors import BadRequest, PreconditionFailed, PreconditionRequired

WEAK = "W/"
_TAG = re.compile(r'"(\d{1,9})(?:-[0-9a-f]{8})?"')
MARK_LENGTH = 8


def etag(version: int, body: bytes) -> str:
    """Return the tag of a representation."""
    mark = hashlib.sha256(body).hexdigest()[:MARK_LENGTH]
    return f'"{version}-{mark}"'


def matched_version() -> int | None:
    """Return the version that ``If-Match`` names; None without the header.

    :raises BadRequest: when it names none of ours, or several.
    :raises PreconditionFailed: for a weak tag: two such may name different content.
    :raises PreconditionRequired: for ``*``, which would overwrite whatever is there.
    """
    value = request.headers.get("If-Match")
    if value is None:
        return None
    if value.strip() == "*":
        message = "Send the ETag you were given; * would overwrite changes you have not seen"
        raise PreconditionRequired(message)
    if value.strip().startswith(WEAK):
        message = "If-Match compares strongly, so a weak tag never matches: send it without W/"
        raise PreconditionFailed(message)
    tag = _TAG.fullmatch(value.strip())
    if tag is None:
        message = 'If-Match takes one tag as it came in ETag, such as "7-1f3a90c2"'
        raise BadRequest(message, header="If-Match")
    return int(tag[1])


def is_known(tag: str) -> bool:
    """Tell whether the client already holds the representation with this tag."""
    given = request.headers.get("If-None-Match", "")
    return tag in [one.strip().removeprefix(WEAK) for one in given.split(",")]
