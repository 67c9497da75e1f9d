"""Committed tables that a test compares with what is: a change has to be seen and agreed to.

``WFWEB_WRITE_TABLES=1 pytest ...`` writes them anew; the difference is then read and committed.
"""

import os
from collections.abc import Iterable
from pathlib import Path


def agrees(path: Path, lines: Iterable[str], about: str) -> None:
    """Fail with the differing lines unless a committed table says the same.

    :param about: first lines of the file, which say how to read it.
    """
    now = [line.rstrip() for line in lines]
    head = [f"# {line}".rstrip() for line in about.strip().splitlines()]
    if os.environ.get("WFWEB_WRITE_TABLES"):
        path.write_text("\n".join([*head, *now]) + "\n", encoding="utf-8")
    known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    agreed = [line for line in known if not line.startswith("#")]
    new, gone = set(now) - set(agreed), set(agreed) - set(now)
    shown = [f"+ {line}" for line in now if line in new]
    shown += [f"- {line}" for line in agreed if line in gone]
    how = f"read this, then run the test with WFWEB_WRITE_TABLES=1 and commit {path.name}"
    assert not shown, "\n".join([f"{path.name} no longer says what is; {how}:", *shown])
