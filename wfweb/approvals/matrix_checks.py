"""What keeps a matrix from being put in force: the faults of its report."""

from collections.abc import Mapping
from typing import Any

from wfweb import conditions
from wfweb.approvals.matrix_report import ERROR, Finding, check_data
from wfweb.kernel.errors import FieldError, ValidationFailed


def refuse_faults(body: Mapping[str, Any], fields: Mapping[str, conditions.FieldType]) -> None:
    """Let through a matrix that can be put in force; gaps and overlaps are told, not refused.

    :raises ValidationFailed: naming each fault's place, e.g. ``/rows/2/levels``.
    """
    faults = [
        FieldError(_pointer(one), one.message, one.kind)
        for one in check_data(body, conditions.FieldTypes(fields))
        if one.severity == ERROR
    ]
    if faults:
        raise ValidationFailed(faults)


def _pointer(finding: Finding) -> str:
    return "/" + finding.path.replace("[", "/").replace("]", "").replace(".", "/").lstrip("/")
