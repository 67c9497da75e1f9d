"""Who may do what with calendars. Everybody who sees workflows may read the hours they work by."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask.typing import ResponseReturnValue

from wfweb.kernel.actor import current_actor
from wfweb.kernel.api.access import require_permission
from wfweb.kernel.db import transaction
from wfweb.kernel.errors import SignInRequired

VIEW = "workflows.view"
EDIT = "calendars.edit"

P = ParamSpec("P")


def require_edit() -> None:
    """Let only somebody through who may change calendars.

    :raises Forbidden: naming who may; audited with its risk.
    """
    require_permission(EDIT)


def guarded(
    permission: str,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let a page be seen only with a permission; signed-out people go to sign in and come back.

    The same as ``requires`` of the people's feature, which lies beside this one.
    """

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def seen(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if current_actor().kind == "anonymous":
                raise SignInRequired
            with transaction():
                require_permission(permission)
            return view(*args, **kwargs)

        seen.__dict__["permission"] = permission
        return seen

    return decorate
