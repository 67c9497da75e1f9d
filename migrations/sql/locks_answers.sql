-- Questions about the locks of a record. An unknown record has none.

create function is_action_blocked(record uuid, action text) returns boolean
language plpgsql stable set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
begin
    perform locks_need('record', record is not null);
    perform locks_need('action', action is not null);
    return exists (
        select 1 from workflow_locks l
        where l.record_id = record and l.company_id = mine and l.status = 'locked'
            and action = any(l.blocked_actions)
    );
end $$;

create function get_active_locks(record uuid) returns setof workflow_locks
language plpgsql stable set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
begin
    perform locks_need('record', record is not null);
    return query select l.* from workflow_locks l
        where l.record_id = record and l.company_id = mine and l.status = 'locked'
        order by l.locked_at, l.id;
end $$;

create function get_blocked_actions_for_property(record uuid) returns text[]
language sql stable set search_path = public, pg_temp as $$
    select coalesce(array_agg(distinct one order by one), '{}')
    from get_active_locks(record) l cross join lateral unnest(l.blocked_actions) one
$$;

create function get_lock_summary(record uuid) returns json
language plpgsql stable set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
begin
    perform locks_need('record', record is not null);
    return (
        select json_build_object(
            'total_locks', count(*),
            'active_locks', count(*) filter (where l.status = 'locked'),
            'critical_locks',
                count(*) filter (where l.status = 'locked' and l.lock_severity = 'critical'),
            'all_blocked_actions', to_json(get_blocked_actions_for_property(record)),
            'avg_lock_duration_hours', round(avg(l.lock_duration_hours), 2)
        )
        from workflow_locks l where l.record_id = record and l.company_id = mine
    );
end $$;
