"""The one small condition language: data, never code.

A condition is a triple ``{"field": "amount", "operator": ">", "value": 1000}``, a combination
``{"all": [...]}``, ``{"any": [...]}``, ``{"not": {...}}``, or ``{}`` (always). Paths lead into
``record`` (the default), ``requester``, ``instance``, ``clock`` and ``previous``; sub-rows are
asked with an ``aggregate`` (``sum count min max any all``) and ``where``; ``"{{other_field}}"`` as
a value refers to another field.

Meaning, in short: a missing value (absent, null, empty text) makes its comparison false, whatever
the operator; so do values that do not compare. Numbers are exact. ``between`` includes both ends.
Texts are equal letter by letter; ``contains`` ignores upper and lower case. A day compared with an
instant looks at the calendar day the instant has in its own zone. ``all`` over no lines is false.
Nothing here touches a database, a clock or Flask; give numbers in contexts as ``int`` or
``Decimal``.
"""

from .checking import validate
from .contexts import clock, make_context
from .evaluation import compile, evaluate  # noqa: A004 - reads well as conditions.compile
from .explanation import Explanation, describe, explain, fields_read
from .model import AGGREGATES, OPERATORS, ROOTS, MalformedConditionError, Problem
from .schema import STANDARD, FieldType, FieldTypes, from_fields
from .values import Money

__all__ = [
    "AGGREGATES",
    "OPERATORS",
    "ROOTS",
    "STANDARD",
    "Explanation",
    "FieldType",
    "FieldTypes",
    "MalformedConditionError",
    "Money",
    "Problem",
    "clock",
    "compile",
    "describe",
    "evaluate",
    "explain",
    "fields_read",
    "from_fields",
    "make_context",
    "validate",
]
