"""Checks of the approvals inside a definition: somebody to ask, and both answers lead on."""

from collections.abc import Iterator

from wfweb.workflow.catalogue import Catalogue
from wfweb.workflow.problems import Problem
from wfweb.workflow.schemas import MAX_LEVELS, Approval, Approver, DefinitionBody, Level, State


def approval_problems(body: DefinitionBody, known: Catalogue) -> list[Problem]:
    """Return what is wrong with the approval states."""
    found: list[Problem] = []
    for number, state in enumerate(body.states):
        place = f"/states/{number}"
        if state.type == "approval":
            found += _exits(body, state, place)
            found += _configuration(body, state, place, known)
        elif state.approval is not None:
            message = f"“{state.name}” is not of type approval, so nobody would be asked"
            found.append(Problem(f"{place}/approval", message, "approval"))
    return found


def _exits(body: DefinitionBody, state: State, place: str) -> Iterator[Problem]:
    triggers = {way.trigger for way in body.transitions if way.from_state == state.code}
    for trigger, words in (("approval", "approved"), ("rejection", "rejected")):
        if trigger not in triggers:
            message = f"“{state.name}” has no way out when it is {words}"
            yield Problem(place, message, f"no_{trigger}_exit")


def _configuration(
    body: DefinitionBody, state: State, place: str, known: Catalogue
) -> Iterator[Problem]:
    approval = state.approval
    if approval is None or (approval.matrix is None and not approval.levels):
        message = f"“{state.name}” asks nobody: give it levels with approvers, or a matrix"
        yield Problem(f"{place}/approval", message, "no_approver")
        return
    if approval.matrix is not None and approval.levels:
        message = "give either a matrix or levels, not both"
        yield Problem(f"{place}/approval/levels", message, "approval")
    if len(approval.levels) > MAX_LEVELS:
        message = f"{len(approval.levels)} levels; {MAX_LEVELS} are the most"
        yield Problem(f"{place}/approval/levels", message, "too_many_levels")
    if approval.matrix is not None and not _known(approval.matrix, known.matrices):
        message = f"there is no approval matrix “{approval.matrix}”"
        yield Problem(f"{place}/approval/matrix", message, "unknown_matrix")
    yield from _calendar(approval.calendar, f"{place}/approval", known)
    for number, level in enumerate(approval.levels):
        yield from _level(body, level, f"{place}/approval/levels/{number}", known)
    yield from _fields(body, approval, f"{place}/approval", known)


def _known(name: str, names: frozenset[str] | None) -> bool:
    return names is None or name in names


def _calendar(code: str | None, place: str, known: Catalogue) -> Iterator[Problem]:
    if code is not None and not _known(code, known.calendars):
        message = f"there is no published calendar “{code}”"
        yield Problem(f"{place}/calendar", message, "unknown_calendar")


def _level(body: DefinitionBody, level: Level, place: str, known: Catalogue) -> Iterator[Problem]:
    if not level.approvers:
        yield Problem(f"{place}/approvers", "nobody is asked on this level", "no_approver")
    for number, approver in enumerate(level.approvers):
        yield from _approver(body, approver, f"{place}/approvers/{number}", known)
    for number, approver in enumerate(level.escalate_to):
        yield from _approver(body, approver, f"{place}/escalate_to/{number}", known)
    yield from _calendar(level.calendar, place, known)
    if level.timeout_action is not None and level.due_hours is None:
        message = "a timeout_action needs due_hours"
        yield Problem(f"{place}/timeout_action", message, "timeout")
    if level.min_approvers is not None and level.quorum not in {"n_of_m", "any"}:
        message = f"min_approvers counts with n_of_m or any, not with {level.quorum}"
        yield Problem(f"{place}/min_approvers", message, "quorum")


def _approver(
    body: DefinitionBody, approver: Approver, place: str, known: Catalogue
) -> Iterator[Problem]:
    if approver.user is not None and not _known(approver.user.lower(), known.people):
        message = f"nobody active has the address {approver.user}"
        yield Problem(f"{place}/user", message, "unknown_person")
    if approver.role is not None and known.roles is not None:
        members = known.roles.get(approver.role)
        if members is None:
            message = f"there is no role “{approver.role}”"
            yield Problem(f"{place}/role", message, "unknown_role")
        elif members == 0:
            message = f"nobody holds the role “{approver.role}” now"
            yield Problem(f"{place}/role", message, "empty_role", "warning")
    if approver.field is not None:
        yield from _person_field(body, approver.field, f"{place}/field", known)


def _person_field(
    body: DefinitionBody, path: str, place: str, known: Catalogue
) -> Iterator[Problem]:
    fields = _record_fields(body, known)
    code = path.removeprefix("record.").split(".")[0]
    if fields is None or code in {"owner", "manager", "requester"}:
        return
    if code not in fields:
        yield Problem(place, f"the record type has no field “{code}”", "unknown_field")
    elif fields[code] not in {"person", "reference"}:
        message = f"the field “{code}” holds no person but {fields[code]}"
        yield Problem(place, message, "field_type")


def _fields(
    body: DefinitionBody, approval: Approval, place: str, known: Catalogue
) -> Iterator[Problem]:
    fields = _record_fields(body, known)
    if fields is None:
        return
    if approval.amount_field is not None:
        code = approval.amount_field.removeprefix("record.")
        if code not in fields:
            message = f"the record type has no field “{code}”"
            yield Problem(f"{place}/amount_field", message, "unknown_field")
        elif fields[code] not in {"money", "number", "integer"}:
            message = f"the field “{code}” holds no amount but {fields[code]}"
            yield Problem(f"{place}/amount_field", message, "field_type")
    for number, path in enumerate(approval.summary_fields):
        code = path.removeprefix("record.").split(".")[0]
        if code not in fields:
            message = f"the record type has no field “{code}”"
            yield Problem(f"{place}/summary_fields/{number}", message, "unknown_field")


def _record_fields(body: DefinitionBody, known: Catalogue) -> dict[str, str] | None:
    if known.record_types is None or body.record_type is None:
        return None
    fields = known.record_types.get(body.record_type)
    return None if fields is None else dict(fields)
