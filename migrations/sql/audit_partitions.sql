-- Monthly partitions of the audit trail. Runs as its owner, because the application may not
-- create tables; rows that found no partition of their own stay in the default one. Every
-- partition refuses to be emptied by itself: the trigger of the whole table is not asked then.
create or replace function audit_ensure_partitions(ahead integer) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    month date := date_trunc('month', now())::date;
    part text;
    made integer := 0;
begin
    if ahead is null or ahead not between 0 and 24 then
        raise exception 'ahead must lie between 0 and 24';
    end if;
    perform pg_advisory_xact_lock(hashtext('audit_ensure_partitions'));
    for i in 0..ahead loop
        part := 'audit_events_' || to_char(month, 'YYYY_MM');
        if to_regclass(part) is null and not exists (
            select 1 from audit_events_default where at >= month and at < month + interval '1 month'
        ) then
            execute format(
                'create table %I partition of audit_events for values from (%L) to (%L)',
                part, month::timestamptz, (month + interval '1 month')::timestamptz
            );
            execute format('alter table %I enable row level security', part);
            execute format('revoke all on %I from wfweb_app', part);
            execute format(
                'create trigger %I before truncate on %I for each statement'
                ' execute function refuse_change()', part || '_no_truncate', part
            );
            made := made + 1;
        end if;
        month := (month + interval '1 month')::date;
    end loop;
    return made;
end $$;

revoke all on function audit_ensure_partitions(integer) from public;
grant execute on function audit_ensure_partitions(integer) to wfweb_app;
