"""Which account the embedded servers run under, and whether it reaches their files.

PostgreSQL refuses to run as root. Under root the servers therefore run as an account that exists
on every system and may do little. Nothing outside our own folders is ever opened for it: files it
cannot reach are copied or placed where it can.
"""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wfweb.dev.errors import ServersError

_CANDIDATES: Final = ("nobody", "daemon")
_SYSTEM_FOLDERS: Final = (Path("/var/lib/wfweb"), Path("/var/tmp/wfweb"))  # noqa: S108
_READ_AND_ENTER: Final = 0o5


@dataclass(frozen=True)
class Account:
    """A system account by number."""

    name: str
    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """The account to switch to, or None when no switch is needed.

    Data that exists keeps its owner, so that a second start never changes hands. Raises
    ServersError when there is nobody to switch to.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            return Account(str(owner), owner, data.stat().st_gid)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    message = "Running as root, but there is no account nobody or daemon to run PostgreSQL under."
    raise ServersError(message)


def can_reach(account: Account | None, path: Path) -> bool:
    """Whether the account may enter every folder above ``path``; always true without a switch."""
    if account is None:
        return True
    return all(_allowed(account, parent) & 0o1 for parent in path.resolve().parents)


def can_use(account: Account | None, path: Path) -> bool:
    """Whether the account may also read and enter ``path`` itself."""
    if account is None:
        return True
    wanted = _READ_AND_ENTER
    return can_reach(account, path) and _allowed(account, path.resolve()) & wanted == wanted


def _allowed(account: Account, path: Path) -> int:
    status = path.stat()
    if status.st_uid == account.uid:
        return status.st_mode >> 6 & 0o7
    if status.st_gid == account.gid:
        return status.st_mode >> 3 & 0o7
    return status.st_mode & 0o7


def reachable_folder() -> Path:
    """A folder of root's that every account may enter but not list or write."""
    for folder in _SYSTEM_FOLDERS:
        try:
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        except OSError:
            continue
        if folder.stat().st_uid == 0:
            folder.chmod(0o711)
            return folder
    return Path(tempfile.mkdtemp(prefix="wfweb-"))


def place_elsewhere(link: Path, *, scratch: bool) -> Path:
    """A new folder that the account can reach, with ``link`` pointing to it.

    ``scratch`` marks it as worth nothing without its link: what crashed test runs left is
    removed here, data that people may want never is.
    """
    base = reachable_folder()
    kind = "scratch" if scratch else link.name
    target = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=base))
    link.symlink_to(target)
    target.with_suffix(".link").write_text(str(link))
    if scratch:
        for note in base.glob("scratch-*.link"):
            of = Path(note.read_text())
            if not (of.is_symlink() and of.readlink() == note.with_suffix("")):
                remove_elsewhere(note.with_suffix(""))
    return target


def remove_elsewhere(target: Path) -> None:
    """Remove a folder made by :func:`place_elsewhere` with its note."""
    shutil.rmtree(target, ignore_errors=True)
    target.with_suffix(".link").unlink(missing_ok=True)


def own(path: Path, account: Account | None) -> None:
    """Give ``path`` itself to the account and close it to everybody else."""
    path.chmod(0o700)
    if account is not None:
        os.chown(path, account.uid, account.gid)


def usable_copy(source: Path, name: str, account: Account | None, *members: str) -> Path:
    """``source``, or a copy of its ``members`` where the account can run them.

    ``name`` carries the version, so an upgrade makes a new copy. Written beside and renamed: two
    starts at once never see half a copy.
    """
    if all(can_use(account, source / member) for member in members):
        return source
    target = reachable_folder() / name
    if target.exists():
        return target
    scratch = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=target.parent))
    for member in members:
        _copy(source / member, scratch / member)
    _open_for_reading(scratch)
    try:
        scratch.rename(target)
    except OSError:
        # Another start was faster; its copy is as good.
        shutil.rmtree(scratch)
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_file():
        shutil.copy2(source, target)
    else:
        shutil.copytree(source, target, symlinks=True)


def _open_for_reading(folder: Path) -> None:
    """Let everybody read and run what the owner may; a strict umask would forbid it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
