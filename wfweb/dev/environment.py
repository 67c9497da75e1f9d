"""The settings of an installation that lives in a folder: what ``wfweb up`` gives its children.

While it runs, the same settings stand in ``var/run.json`` (readable by the owner only), so that a
command in another terminal speaks to the same servers without being told.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wfweb.dev.errors import ServersError
from wfweb.dev.processes import is_alive
from wfweb.dev.servers import EmbeddedServers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHECKOUT: Final = Path(__file__).resolve().parents[2]
_RUN_FILE: Final = "run.json"


def data_dir() -> Path:
    """Where data lives: ``WFWEB_DATA_DIR``, else ``var`` in the checkout."""
    return Path(os.environ.get("WFWEB_DATA_DIR") or CHECKOUT / "var").absolute()


def servers_given() -> bool:
    """Whether the environment names servers; both or none. Raises ServersError for one only."""
    database, queue = (os.environ.get(f"WFWEB_{name}_URL") for name in ("DATABASE", "REDIS"))
    if bool(database) != bool(queue):
        raise ServersError("Set both WFWEB_DATABASE_URL and WFWEB_REDIS_URL, or neither.")
    return bool(database)


def development_settings(data: Path, servers: EmbeddedServers | None) -> dict[str, str]:
    """Settings for a local installation; whatever the environment sets already wins."""
    port = os.environ.get("WFWEB_PORT") or "8000"
    settings = {
        "WFWEB_ENVIRONMENT": "development",
        "WFWEB_SECRET_KEY": _secret_key(data),
        "WFWEB_PORT": port,
        "WFWEB_MAIL_CATCHER_DIR": str(data / "mail"),
        "WFWEB_STORAGE_DIR": str(data / "files"),
        "WFWEB_DEMO": "true",
    }
    if servers is not None:
        settings["WFWEB_DATABASE_URL"] = servers.database_url
        settings["WFWEB_REDIS_URL"] = servers.redis_url
    given = {name: value for name, value in os.environ.items() if name.startswith("WFWEB_")}
    return settings | {name: value for name, value in given.items() if value}


def _secret_key(data: Path) -> str:
    """One secret a data folder, so that sessions survive a restart."""
    path = data / "secret_key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(f".{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_text(secrets.token_urlsafe(48))
        scratch.rename(path)
    return path.read_text().strip()


def announce(data: Path, settings: Mapping[str, str]) -> None:
    """Let commands in other terminals find this installation."""
    path = data / _RUN_FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps({"pid": os.getpid(), "settings": dict(settings)}))


def withdraw(data: Path) -> None:
    """The installation of this process has stopped; one of another process stays announced."""
    announced = _announced(data)
    if announced is not None and announced[0] == os.getpid():
        (data / _RUN_FILE).unlink(missing_ok=True)


def running_settings(data: Path) -> dict[str, str] | None:
    """The settings of the installation that runs on this folder, None when none does."""
    announced = _announced(data)
    return announced[1] if announced is not None and is_alive(announced[0]) else None


def _announced(data: Path) -> tuple[int, dict[str, str]] | None:
    try:
        found = json.loads((data / _RUN_FILE).read_text())
        return int(found["pid"]), dict(found["settings"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def installation(*, start: bool = True) -> Iterator[bool]:
    """Make the environment describe an installation, for commands that need its database.

    In this order: the servers the environment names, the installation that runs on the data
    folder, or (``start``) its servers, started for the duration. Yields whether they were started
    here, in which case nobody has migrated them yet. Raises ServersError.
    """
    if servers_given():
        yield False
        return
    data = data_dir()
    running = running_settings(data)
    if running is not None:
        os.environ.update(running)
        yield False
        return
    if not start:
        raise ServersError(
            "wfweb does not run here: start it with make run, or set WFWEB_DATABASE_URL and "
            "WFWEB_REDIS_URL."
        )
    with EmbeddedServers(data, durable=True) as servers:
        os.environ.update(development_settings(data, servers))
        yield True
