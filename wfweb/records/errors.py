"""Refusals of records beyond the common ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from wfweb.kernel.errors import Conflict


class RecordConflict(Conflict):
    """The record has a newer version than the one that was edited (REC-2).

    ``difference`` says field by field what it was, what they made of it and what you wanted.
    """

    def __init__(
        self,
        *,
        current_version: int,
        your_version: int,
        difference: Sequence[Mapping[str, Any]],
        by: str,
    ) -> None:
        super().__init__(
            f"{by or 'Somebody'} saved version {current_version} while you worked on version"
            f" {your_version}. Compare both, keep what is right for each field and save again.",
            current_version=current_version,
            your_version=your_version,
            difference=list(difference),
            changed_by=by,
        )
        self.difference = list(difference)
        self.changed_by = by
