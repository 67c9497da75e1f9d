"""``wfweb token``: access of scripts to the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from wfweb.cli.outcome import answer, json_option
from wfweb.cli.running import application
from wfweb.cli.user import account, acting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

SCOPES = ("read", "write", "admin")


@click.group("token")
def command() -> None:
    """Create, list and revoke API tokens."""


@command.command()
@click.option("--user", "email", required=True, help="Address of the account it acts as.")
@click.option("--name", default="command line", help="What it is for.")
@click.option("--days", default=90, help="Days until it ends.", show_default=True)
@click.option("--scope", "scopes", multiple=True, type=click.Choice(SCOPES), help="Repeatable.")
@json_option
def create(*, email: str, name: str, days: int, scopes: Sequence[str], as_json: bool) -> None:
    """Make a token and print it, this once; without --scope it may all that its account may."""
    from wfweb.identity import service
    from wfweb.kernel.db import transaction

    with application():
        user_id, company_id = account(email)
        with transaction(actor=acting(company_id)):
            row, secret = service.create_token(user_id, name, days=days, scopes=scopes or SCOPES)
            data = {
                "token": secret,
                "id": row.id,
                "user": email,
                "scopes": row.scopes,
                "expires_at": row.expires_at.isoformat(),
            }
    answer(data, as_json=as_json, text=secret)


@command.command("list")
@click.option("--user", "email", required=True, help="Address of the account.")
@json_option
def list_tokens(*, email: str, as_json: bool) -> None:
    """List the tokens of an account that still work."""
    from wfweb.identity import queries
    from wfweb.kernel.db import transaction

    with application():
        user_id, company_id = account(email)
        with transaction(actor=acting(company_id)):
            rows = [
                {
                    "id": str(row.id),
                    "name": row.name,
                    "hint": row.hint,
                    "scopes": row.scopes,
                    "expires_at": row.expires_at.isoformat(),
                }
                for row in queries.tokens_of(user_id, live_only=True)
            ]
    lines = [f"{row['id']} {row['hint']}… {row['name']} until {row['expires_at']}" for row in rows]
    answer(rows, as_json=as_json, text="\n".join(lines) or "No tokens.")


@command.command()
@click.option("--user", "email", required=True, help="Address of the account.")
@click.argument("token_id", type=click.UUID)
@json_option
def revoke(*, email: str, token_id: UUID, as_json: bool) -> None:
    """End a token by its id."""
    from wfweb.identity import service
    from wfweb.kernel.db import transaction
    from wfweb.kernel.errors import NotFound

    with application():
        user_id, company_id = account(email)
        with transaction(actor=acting(company_id)):
            row = service.revoke_token(token_id)
            if row.user_id != user_id:
                raise NotFound(f"{email} has no such token")
    answer({"id": token_id}, as_json=as_json, text="The token is revoked.")
