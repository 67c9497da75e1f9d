"""Static files: an address with the content's hash, so that browsers keep them for ever."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, abort, send_from_directory

ONE_YEAR_SECONDS = 31_536_000
HASH_LENGTH = 10


def register(app: Flask, root: Path) -> None:
    """Serve ``root`` under ``/static/<hash>/…`` and give templates ``asset(path)``."""

    @lru_cache(maxsize=512)
    def digest(path: str, _changed: float) -> str:
        return hashlib.sha256((root / path).read_bytes()).hexdigest()[:HASH_LENGTH]

    def asset(path: str) -> str:
        return f"/static/{digest(path, (root / path).stat().st_mtime)}/{path}"

    def serve(_digest: str, path: str) -> Response:
        if len(_digest) != HASH_LENGTH:
            abort(404)
        response = send_from_directory(root, path, max_age=ONE_YEAR_SECONDS)
        response.headers["Cache-Control"] = f"public, max-age={ONE_YEAR_SECONDS}, immutable"
        return response

    app.add_url_rule("/static/<_digest>/<path:path>", "asset", serve)
    app.jinja_env.globals["asset"] = asset
