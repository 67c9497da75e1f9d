"""What every migration says about rights, in one place.

The application works as ``wfweb_app``, which owns nothing: each table names what that role
may do, and row-level security decides which rows it sees.
"""

from alembic import op

ROLE = "wfweb_app"
_MINE = "company_id = nullif(current_setting('app.company_id', true), '')::uuid"
_SYSTEM = "current_setting('app.scope', true) = 'system'"


def tenant_policy(table: str) -> None:
    """Show rows of a table to their own company only."""
    _policy(table, _MINE)
    op.execute(f"grant select, insert, update, delete on {table} to {ROLE}")


def system_policy(table: str, column: str = "company_id") -> None:
    """Like :func:`tenant_policy`, but ``transaction(system=True)`` sees every company's rows."""
    _policy(table, f"{_MINE.replace('company_id', column, 1)} or {_SYSTEM}")
    op.execute(f"grant select, insert, update, delete on {table} to {ROLE}")


def append_only(table: str) -> None:
    """Show rows to their own company; let nobody change or remove one, owner included."""
    _policy(table, _MINE)
    op.execute(f"grant select, insert on {table} to {ROLE}")
    op.execute(f"revoke update, delete, truncate on {table} from {ROLE}")
    op.execute(
        f"create trigger {table}_append_only before update or delete on {table}"
        " for each row execute function refuse_change()"
    )
    op.execute(
        f"create trigger {table}_no_truncate before truncate on {table}"
        " for each statement execute function refuse_change()"
    )


def add_permission(code: str, like: str) -> None:
    """Give a new permission to the roles of every company that hold a comparable one.

    Nobody could otherwise hand it out: people give only what their own roles allow.
    """
    op.execute("select set_config('app.scope', 'system', true)")
    op.execute(
        f"update roles set permissions = array_append(permissions, '{code}'), version = version + 1"
        f" where '{like}' = any (permissions) and not '{code}' = any (permissions)"
    )
    op.execute("select set_config('app.scope', '', true)")


def index_while_in_use(name: str, definition: str) -> None:
    """Build an index while everybody goes on reading and writing its table.

    It waits for the transactions that are open, without holding up any other, so it may wait long.
    What an interrupted attempt left behind is built anew.

    :param definition: from the table on, e.g. ``records (company_id, key)``.
    """
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = 0")
        op.execute(f"drop index concurrently if exists {name}")
        op.execute(f"create index concurrently {name} on {definition}")
        op.execute("set lock_timeout = '5s'")


def drop_index_while_in_use(name: str) -> None:
    """Drop an index without waiting in front of anybody who uses its table."""
    with op.get_context().autocommit_block():
        op.execute("set lock_timeout = 0")
        op.execute(f"drop index concurrently if exists {name}")
        op.execute("set lock_timeout = '5s'")


def _policy(table: str, condition: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(
        f"create policy {table}_company on {table} using ({condition}) with check ({condition})"
    )
