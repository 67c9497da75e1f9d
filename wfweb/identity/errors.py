"""Refusals that only identity knows."""

from typing import ClassVar

from wfweb.kernel.db import refuse_as
from wfweb.kernel.errors import FieldError, Refusal, ValidationFailed


class LastAdministrator(Refusal):
    """The act would leave a company that nobody can manage."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "last_administrator"
    title: ClassVar[str] = "Somebody has to manage people and roles"


class OwnAccount(Refusal):
    """People do not take away their own access; somebody else has to agree."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "own_account"
    title: ClassVar[str] = "You cannot do this to yourself"


class PasswordNeeded(Refusal):
    """A grave act wants the password typed within the last minutes."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "password_needed"
    title: ClassVar[str] = "Enter your password first"


def _address_taken() -> Refusal:
    return ValidationFailed.at(
        "/email", "This address already belongs to an account. Enter another one", "taken"
    )


def _code_taken() -> Refusal:
    return ValidationFailed.at("/code", "Another role has this code. Enter another one", "taken")


refuse_as("uq_users_email", _address_taken)
refuse_as("uq_roles_company_id_code", _code_taken)


class Problems:
    """Collects what is wrong with a form and refuses it whole, each message at its field."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, field: str, message: str | None, code: str = "wrong") -> None:
        """Note a problem of a field; None is no problem."""
        if message:
            self.errors.append(FieldError(f"/{field}", message, code))

    def refuse(self) -> None:
        """Raise what was collected.

        :raises ValidationFailed: when there is anything.
        """
        if self.errors:
            raise ValidationFailed(self.errors)
