"""What every answer carries and every request must: headers, and proof of where it comes from."""

from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request

from wfweb.kernel.errors import BadRequest, Forbidden

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; frame-src 'self'; manifest-src 'self'"
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Asked by what watches over a process, at whatever address it has inside.
PROBES = frozenset({"/livez", "/readyz"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    """Guard an application's requests and dress its answers."""
    app.before_request(refuse_foreign_host)
    app.before_request(refuse_foreign_origin)
    app.after_request(add_headers)


def refuse_foreign_host() -> None:
    """Refuse requests for another host than that of ``WFWEB_BASE_URL``.

    A foreign ``Host`` comes from a rebound name or a poisoned cache. The machine itself
    (loopback) and the probes pass, and everything does in development or without an address.

    :raises BadRequest: for any other host.
    """
    settings = current_app.config["WFWEB"]
    if settings.environment == "development" or not settings.base_url or request.path in PROBES:
        return
    try:
        host = urlsplit(f"//{request.host}").hostname
    except ValueError:
        host = None
    if host not in LOOPBACK and host != urlsplit(settings.public_url).hostname:
        raise BadRequest("This address does not belong to this installation", header="Host")


def refuse_foreign_origin() -> None:
    """Refuse what another site sends in a person's name (Fetch Metadata, reliability B 43).

    :raises Forbidden: when a browser says that the request comes from elsewhere.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        message = "This was sent from another site, so nothing was done."
        raise Forbidden(message, code="cross_site", permission="same_origin", risk="HIGH")


def add_headers(response: Response) -> Response:
    """Add the headers of a strict page; a view may only make them stricter."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if not request.path.startswith("/static/"):
        headers.setdefault("Cache-Control", "no-store")
    return response
