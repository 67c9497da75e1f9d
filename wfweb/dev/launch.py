"""Start one program so that it cannot outlive its parent; a script, never imported by the app.

``python -I -S launch.py PARENT_PID SIGNAL UID GID PROGRAM ARG...`` switches the account (``-1``
keeps it), asks Linux to send SIGNAL when the parent ends, and becomes the program. Doing this in
a fresh interpreter instead of a ``preexec_fn`` is safe in a parent that has threads.
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    """Become the program in ``argv``; exits at once when the parent has already gone."""
    parent, death_signal, uid, gid = (int(value) for value in argv[:4])
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os.umask(0o077)
    if libc is not None:
        # After the switch: changing the user id clears the parent-death signal.
        libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        # The parent ended before the request was in place, so nobody would ever stop this one.
        sys.exit(1)
    os.execv(argv[4], argv[4:])


if __name__ == "__main__":
    main(sys.argv[1:])
