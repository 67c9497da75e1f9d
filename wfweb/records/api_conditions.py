"""Trying conditions on records: the language is below this floor, the fields are here."""

import re
from collections.abc import Mapping
from typing import Any

from wfweb import conditions
from wfweb.identity.access import current_user
from wfweb.kernel import clock
from wfweb.kernel.api import ApiBlueprint, endpoint
from wfweb.kernel.errors import FieldError, Forbidden, NotFound, ValidationFailed
from wfweb.records import policy, types
from wfweb.records.api import record_of
from wfweb.records.models import Record, RecordType
from wfweb.records.queries import type_of
from wfweb.records.schemas_conditions import (
    ConditionCheckOut,
    ConditionExplanationOut,
    ConditionIn,
    ConditionProblemOut,
    EvaluateIn,
    EvaluateOut,
    SubjectIn,
)

bp = ApiBlueprint(
    "conditions",
    __name__,
    title="Conditions",
    about="Check a condition, and ask why it holds or not for a record.",
)


@endpoint(
    bp,
    "POST",
    "/conditions/validate",
    request=ConditionIn,
    response=ConditionCheckOut,
    scope="read",
    errors=[NotFound, Forbidden],
    summary="Check a condition against the fields of a record type",
)
def validate_condition(body: ConditionIn) -> ConditionCheckOut:
    """Return every fault of a condition."""
    fields = fields_of(_readable(body.type))
    problems = conditions.validate(body.condition, fields)
    return ConditionCheckOut(
        valid=not problems,
        problems=[ConditionProblemOut(path=one.path, message=one.message) for one in problems],
        text=None if problems else conditions.describe(body.condition, fields),
        fields=[] if problems else sorted(conditions.fields_read(body.condition)),
    )


@endpoint(
    bp,
    "POST",
    "/conditions/evaluate",
    request=EvaluateIn,
    response=EvaluateOut,
    scope="read",
    errors=[NotFound, Forbidden],
    summary="Ask whether a condition holds for a record, and why",
    description="`requester` is the token's owner. Nothing is changed.",
)
def evaluate_condition(body: EvaluateIn) -> EvaluateOut:
    """Explain a condition over a record or over data of a type."""
    record_type, facts = subject_of(body)
    fields = fields_of(record_type)
    problems = conditions.validate(body.condition, fields)
    if problems:
        raise ValidationFailed(
            [FieldError(_pointer(one.path), one.message, "condition") for one in problems]
        )
    context = conditions.make_context(facts, now=clock.now(), requester=requester_facts())
    explanation = conditions.explain(body.condition, context, fields)
    shown = ConditionExplanationOut.model_validate(explanation.to_json())
    return EvaluateOut(result=explanation.result, explanation=shown)


def subject_of(body: SubjectIn) -> tuple[RecordType, Mapping[str, Any]]:
    """Return the type and the facts that a question is asked about.

    :raises ValidationFailed: unless either a record, or type and data are given.
    """
    if body.record is not None:
        if body.type is not None or body.data is not None:
            raise ValidationFailed.at("/record", "Send either a record, or type and data", "both")
        record = record_of(body.record)
        return type_of(record), record_context(record)
    if body.type is None or body.data is None:
        raise ValidationFailed.at("/record", "Send a record, or type and data", "required")
    return _readable(body.type), body.data


def record_context(record: Record) -> dict[str, Any]:
    """Return what conditions may read of a record; the values of ``fields_for_conditions``."""
    return {
        "key": record.key,
        "title": record.title,
        "state": record.state,
        "version": record.version,
        "owner": str(record.owner_id) if record.owner_id else None,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        **record.data,
    }


def _readable(code: str) -> RecordType:
    record_type = types.get_type(code)
    if not policy.may(record_type, "create"):
        policy.require(record_type, "view")
    return record_type


def fields_of(record_type: RecordType) -> conditions.FieldTypes:
    """Return what conditions may read of records of a type."""
    return conditions.FieldTypes(types.fields_for_conditions(record_type))


def requester_facts() -> dict[str, Any]:
    """Return the owner of the token as ``requester``."""
    user = current_user()
    return {
        "id": str(user.id),
        "name": user.name,
        "email": user.email,
        "title": user.title,
        "roles": sorted(user.roles),
    }


def _pointer(path: str) -> str:
    """Turn ``all[1].value`` into a place in the body: ``/condition/all/1/value``."""
    steps = re.sub(r"\[(\d+)\]", r"/\1", path).replace(".", "/")
    return f"/condition/{steps}" if steps else "/condition"
