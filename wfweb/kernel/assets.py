"""Static files: an address with the content's hash, so that browsers keep them for ever."""

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, request
from werkzeug.security import safe_join

ROOT = Path(__file__).parents[2] / "static"
ONE_YEAR_SECONDS = 31_536_000
HASH_LENGTH = 10


def asset(path: str) -> str:
    """Return the address of a file under ``static/``.

    :raises FileNotFoundError: when there is no such file.
    """
    return f"/static/{_digest(path, (ROOT / path).stat().st_mtime)}/{path}"


def register(app: Flask) -> None:
    """Serve ``static/`` under ``/static/<hash>/…`` and give templates ``asset(path)``."""
    app.add_url_rule("/static/<digest>/<path:path>", "asset", _serve)
    app.jinja_env.globals["asset"] = asset


@lru_cache(maxsize=512)
def _digest(path: str, _changed: float) -> str:
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()[:HASH_LENGTH]


def _serve(digest: str, path: str) -> Response:
    """Answer with a file's bytes: small ones, and no open file for a browser to leave behind."""
    found = safe_join(str(ROOT), path)
    if len(digest) != HASH_LENGTH or found is None or not Path(found).is_file():
        abort(404)
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    response = Response(Path(found).read_bytes(), mimetype=kind)
    response.set_etag(_digest(path, Path(found).stat().st_mtime))
    response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR_SECONDS}, immutable"
    response.make_conditional(request)
    return response
