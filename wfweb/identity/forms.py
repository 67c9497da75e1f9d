"""Reading the forms of identity: texts in, plain values out, and who wins after a conflict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from wfweb.identity.errors import Problems
from wfweb.identity.models import Role, User

Values = dict[str, Any]
"""Field name -> text, or list of texts for fields of many values."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form with their labels; ``many`` names those with several values."""

    labels: Mapping[str, str]
    many: frozenset[str] = frozenset()

    def read(self, posted: "MultiDict[str, str]", prefix: str = "") -> Values:
        """Return the posted texts of all fields, empty where nothing came."""
        return {
            name: sorted(set(posted.getlist(prefix + name)))
            if name in self.many
            else posted.get(prefix + name, "").strip()
            for name in self.labels
        }

    def settled(self, posted: "MultiDict[str, str]", theirs: Values) -> Values:
        """Return what was typed, with the stored value where ``keep.<field>`` says theirs."""
        typed = self.read(posted)
        return {
            name: theirs[name] if posted.get(f"keep.{name}") == "theirs" else value
            for name, value in typed.items()
        }

    def differences(
        self,
        posted: "MultiDict[str, str]",
        theirs: Values,
        show: Callable[[str, Any], str],
    ) -> list[dict[str, Any]]:
        """Return a row for each field that somebody else stored differently than typed."""
        yours, base = self.read(posted), self.read(posted, "was.")
        return [
            {
                "code": name,
                "label": label,
                "base": show(name, base[name]),
                "theirs": show(name, theirs[name]),
                "yours": show(name, yours[name]),
                "choice": "theirs" if base[name] == yours[name] else "yours",
            }
            for name, label in self.labels.items()
            if yours[name] != theirs[name]
        ]

    def pairs(self, values: Values, prefix: str = "") -> list[dict[str, str]]:
        """Return name and value of hidden inputs that carry values through another form."""
        found = []
        for name in self.labels:
            texts = values[name] if name in self.many else [values[name]]
            found += [{"name": prefix + name, "value": text} for text in texts]
        return found


PERSON = Form(
    {
        "name": "Name",
        "email": "E-mail address",
        "title": "Title",
        "manager_id": "Manager",
        "time_zone": "Time zone",
        "quick_limit": "Quick limit",
        "roles": "Roles",
    },
    frozenset({"roles"}),
)
ROLE = Form(
    {"name": "Name", "description": "Description", "permissions": "Permissions"},
    frozenset({"permissions"}),
)
PROFILE = Form(
    {
        "name": "Name",
        "email": "E-mail address",
        "title": "Title",
        "time_zone": "Time zone",
        "theme": "Theme",
        "keys_enabled": "Letter keys",
    }
)


def person_values(user: User, roles: Sequence[Role]) -> Values:
    """Return an account as the texts of its form."""
    limit = "" if user.quick_limit is None else f"{user.quick_limit.normalize():f}"
    return {
        "name": user.name,
        "email": user.email,
        "title": user.title,
        "manager_id": str(user.manager_id or ""),
        "time_zone": user.time_zone,
        "quick_limit": limit,
        "roles": sorted(role.code for role in roles),
    }


def person_changes(values: Values) -> Values:
    """Return a form's texts as an account's values; roles are left out.

    :raises ValidationFailed: for what is no amount or no person.
    """
    problems = Problems()
    changes = {name: value for name, value in values.items() if name != "roles"}
    changes["manager_id"] = _person(values["manager_id"], problems)
    changes["quick_limit"] = _amount(values["quick_limit"], problems)
    problems.refuse()
    return changes


def _person(text: str, problems: Problems) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        problems.add("manager_id", "Choose a manager from the list", "unknown")
        return None


def _amount(text: str, problems: Problems) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        problems.add("quick_limit", "Enter an amount like 5000.00, or leave it empty")
        return None
    return amount


def role_values(role: Role) -> Values:
    """Return a role as the texts of its form."""
    return {
        "name": role.name,
        "description": role.description,
        "permissions": sorted(role.permissions),
    }


def profile_values(user: User) -> Values:
    """Return one's own account as the texts of the profile form."""
    return {
        "name": user.name,
        "email": user.email,
        "title": user.title,
        "time_zone": user.time_zone,
        "theme": user.theme,
        "keys_enabled": "true" if user.keys_enabled else "",
    }


def profile_changes(values: Values) -> Values:
    """Return a profile form's texts as values."""
    return {**values, "keys_enabled": values["keys_enabled"] == "true"}
