"""Pages, fragments and answers: the few helpers every view ends in."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from flask import Response, make_response, redirect, render_template, request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import MultiDict

from wfweb.kernel.actor import current_actor
from wfweb.kernel.errors import FieldError, Forbidden, Risk, SignInRequired, ValidationFailed
from wfweb.kernel.jsontext import dumps

M = TypeVar("M", bound=BaseModel)
Fragment = tuple[str, Mapping[str, Any]]

NO_CONTENT = 204
SEE_OTHER = 303
LONGEST_HEADER = 400
LONGEST_ADDRESS = 2000


def is_htmx() -> bool:
    """Tell whether htmx asks for a part of a page (a restored page wants the whole)."""
    return (
        request.headers.get("HX-Request") == "true"
        and request.headers.get("HX-History-Restore-Request") != "true"
    )


def require(permission: str, *, risk: Risk = "LOW") -> None:
    """Check a permission where the decorators of identity are out of reach (floors below it).

    :raises SignInRequired: when nobody is signed in.
    :raises Forbidden: when the permission is not held; audited with ``risk``.
    """
    actor = current_actor()
    if actor.kind == "anonymous":
        raise SignInRequired
    if not actor.may(permission):
        detail = f"This needs the permission {permission}."
        raise Forbidden(detail, permission=permission, risk=risk)


def page(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return a whole page; a page's address always answers with one (DECISIONS 4)."""
    return _answer(render_template(template, **context), status)


def fragment(template: str, *, status: int = 200, **context: Any) -> Response:
    """Return one fragment, from an address of its own."""
    return _answer(render_template(template, **context), status)


def respond(
    to: str,
    *,
    fragments: Iterable[Fragment] = (),
    say: str = "",
    focus: str = "",
) -> Response:
    """End a POST that worked: 303 for a browser, the changed fragments for htmx.

    :param say: what the polite live region announces.
    :param focus: selector of the element that takes the focus.
    """
    if not is_htmx():
        return _vary(make_response(redirect(to, SEE_OTHER)))
    body = "".join(render_template(name, **context) for name, context in fragments)
    response = _answer(body, 200) if body else _vary(make_response("", NO_CONTENT))
    if not body:
        response.headers["HX-Redirect"] = to
    if say or focus:
        done = {"wf:done": {"say": say, "focus": focus}}
        response.headers["HX-Trigger"] = header_safe(dumps(done))
    return response


def unchanged() -> Response:
    """Answer a poll when nothing has changed: 204, so htmx leaves the page alone."""
    return _vary(make_response("", NO_CONTENT))


def _answer(body: str, status: int) -> Response:
    return _vary(make_response(body, status))


def _vary(response: Response) -> Response:
    response.vary.update(["HX-Request", "HX-Request-Type"])
    response.headers["Cache-Control"] = "no-store"
    return response


def header_safe(value: str) -> str:
    """Return a value that cannot end a header: ASCII, one line, not too long."""
    clean = value.encode("ascii", "backslashreplace").decode()
    return clean.replace("\r", " ").replace("\n", " ")[:LONGEST_HEADER]


def dom_id(subject: object, suffix: str = "") -> str:
    """Return the id of a subject's element, the same in page, fragment and test."""
    if isinstance(subject, str):
        base = subject
    elif isinstance(subject, tuple):
        base = "-".join(str(part) for part in subject)
    else:
        base = f"{type(subject).__name__.lower()}-{getattr(subject, 'id', '')}"
    return f"{base}-{suffix}" if suffix else base


def safe_next(target: str | None, default: str = "/") -> str:
    r"""Return a local address to go on to; anything that could leave the site is dropped.

    Browsers read ``/\evil`` and ``//evil`` as another host and drop tabs and line ends, and
    some servers decode ``%2f``: only plain local paths pass.
    """
    if not target or len(target) > LONGEST_ADDRESS or not target.startswith("/"):
        return default
    if target.startswith("//") or "\\" in target:
        return default
    if target.lower().startswith(("/%2f", "/%5c")):
        return default
    return target if all("!" <= character <= "~" for character in target) else default


def form_values() -> dict[str, Any]:
    """Return the posted form: one value a name, a list where a name comes often.

    Names are trimmed of the token that the CSRF check has already read.
    """
    form: MultiDict[str, str] = request.form
    return {
        name: values[0] if len(values) == 1 else values
        for name, values in form.lists()
        if name != "csrf_token"
    }


def whole_number(text: str | None, *, digits: int = 9) -> int | None:
    """Return the whole number a form or an address says; None when it says none.

    :param digits: how many it may have; nine fit an integer column.
    """
    if text and text.isascii() and text.isdigit() and len(text) <= digits:
        return int(text)
    return None


def version_posted() -> int:
    """Return the version the posted form was drawn from; -1, which no row has, without one."""
    version = whole_number(request.form.get("version"))
    return -1 if version is None else version


def validated(schema: type[M], data: Mapping[str, Any]) -> M:
    """Read input into a schema.

    :raises ValidationFailed: with one error per wrong place.
    """
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        raise validation_failed(error) from None


def validation_failed(error: ValidationError) -> ValidationFailed:
    """Turn pydantic's errors into ours; the input itself is not repeated."""
    return ValidationFailed(
        [
            FieldError(
                "/"
                + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in e["loc"]),
                _sentence(e["msg"]),
                e["type"],
            )
            for e in error.errors(include_url=False, include_input=False)
        ]
    )


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    return text[:1].upper() + text[1:]
