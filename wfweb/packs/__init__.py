"""Packs: kinds of work as data. Each folder here is one; the core knows none of them.

A pack brings roles, record types, matrices and workflows; ``demo`` adds made-up people and
records whose history is acted out through the same verbs that people use.
"""

from wfweb.packs.installer import Installed, install
from wfweb.packs.reading import Pack, available, read_pack

__all__ = ["Installed", "Pack", "available", "install", "read_pack"]
