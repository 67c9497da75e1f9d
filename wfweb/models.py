"""Every table of the application, for migrations and checks.

Importing this module fills ``Base.metadata``; add a line when a feature gets tables.
"""

import importlib

FEATURES_WITH_TABLES = (
    "kernel.tenancy",
    "events.models",
    "audit.models",
    "identity.models",
    "records.models",
    "workflow.models",
    "approvals.models",
    "notifications.models",
    "kernel.api.models",
)

import importlib.util as _u

for _name in FEATURES_WITH_TABLES:
    try:
        _found = _u.find_spec(f"wfweb.{_name}")
    except ModuleNotFoundError:
        _found = None
    if _found:
        importlib.import_module(f"wfweb.{_name}")
