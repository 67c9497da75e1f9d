"""No partition of the audit trail can be emptied by itself, not even by its owner."""

from pathlib import Path

from alembic import op

revision = "0017_audit_partitions"
down_revision = "0016_webhook_health"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"
# Partitions without the trigger: every one that was made before the function made it too.
EACH = """
do $$
declare
    part text;
begin
    for part in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'audit_events'::regclass
    loop
        execute format('drop trigger if exists %I on %I', part || '_no_truncate', part);
        {then}
    end loop;
end $$
"""
GUARD = """execute format(
            'create trigger %I before truncate on %I for each statement'
            ' execute function refuse_change()', part || '_no_truncate', part
        );"""


def _run(sql: str) -> None:
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def upgrade() -> None:
    _run((SQL / "audit_partitions.sql").read_text(encoding="utf-8"))
    _run(EACH.format(then=GUARD))


def downgrade() -> None:
    _run(EACH.format(then=""))
