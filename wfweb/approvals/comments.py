"""What may be written beside a decision; too much is refused, never cut."""

from wfweb.kernel.errors import FieldError, ValidationFailed

MAX_COMMENT = 4000


def comment_error(comment: str) -> FieldError | None:
    """Return what is wrong with a comment, at ``/comment``, or nothing."""
    if len(comment) <= MAX_COMMENT and "\x00" not in comment:
        return None
    message = f"A comment has at most {MAX_COMMENT:,} characters, none of them a zero byte"
    return FieldError("/comment", message, "too_long")


def checked_comment(comment: str) -> str:
    """Return a comment as it is stored: whole, with plain line ends.

    :raises ValidationFailed: ``/comment``: it is too long or has a zero byte.
    """
    plain = comment.replace("\r\n", "\n")
    wrong = comment_error(plain)
    if wrong is not None:
        raise ValidationFailed([wrong])
    return plain
