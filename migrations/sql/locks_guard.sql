-- The guard: the question and the row lock in one, and a second line behind the application.

-- The locks that block an action, asked by somebody about to act: a lock that is being made at
-- this moment is waited for, and one that comes later waits until the act is committed.
create function locks_blocking(of_record uuid, action text) returns setof uuid
language plpgsql volatile set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
begin
    perform 1 from records where id = of_record and company_id = mine for no key update;
    return query select l.id from workflow_locks l
        where l.record_id = of_record and l.company_id = mine and l.status = 'locked'
            and action = any(l.blocked_actions);
end $$;

-- Steps are refused by the table they are written to, whatever part of the program writes them.
-- The record's row is already held: the step has changed its state. A lock blocks the step that
-- carries the action's name; of an operation already begun, every further step if its kind of
-- lock stops what is under way, but never a rejection, which only ends it.
create function locks_refuse_step() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    work record;
    blocked text;
begin
    select i.record_id, i.definition_code into work
    from workflow_instances i join records r on r.id = i.record_id
    where i.id = new.instance_id and r.has_active_alerts;
    if not found or new.kind = 'rejection' then
        return null;
    end if;
    select case when new.transition_code = any(l.blocked_actions) then new.transition_code
        else work.definition_code end into blocked
    from workflow_locks l
    join lock_types t on t.company_id = l.company_id and t.code = l.lock_type
    where l.record_id = work.record_id and l.status = 'locked' and (
        (new.transition_code = any(l.blocked_actions) and new.kind <> 'approval')
        or (t.in_flight = 'stop' and work.definition_code = any(l.blocked_actions)
            and exists (
                select 1 from workflow_history h where h.instance_id = new.instance_id
                    and h.transition_code = work.definition_code and h.seq < new.seq
            ))
    ) limit 1;
    if found then
        raise exception 'a lock blocks this step'
            using errcode = 'check_violation', constraint = 'workflow_history_locks',
                  detail = format('%s %s', work.record_id, blocked);
    end if;
    return null;
end $$;

create function locks_refuse_start() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (
        select 1 from records r join workflow_locks l on l.record_id = r.id
        where r.id = new.record_id and r.has_active_alerts and l.status = 'locked'
            and new.definition_code = any(l.blocked_actions)
    ) then
        raise exception 'a lock blocks this start'
            using errcode = 'check_violation', constraint = 'workflow_history_locks',
                  detail = format('%s %s', new.record_id, new.definition_code);
    end if;
    return null;
end $$;

create trigger workflow_history_locks after insert on workflow_history
    for each row when (new.transition_code is not null) execute function locks_refuse_step();
create trigger workflow_instances_locks after insert on workflow_instances
    for each row when (new.record_id is not null) execute function locks_refuse_start();

-- Of the functions that write, only the application's role may call one by itself.
revoke all on function create_lock_from_alert(uuid, text[]) from public;
revoke all on function unlock_from_alert_resolution(uuid, uuid, text) from public;
revoke all on function expire_old_locks(integer) from public;
revoke all on function locks_end(uuid[], text, uuid, text) from public;
revoke all on function locks_evaluate(workflow_locks, text, text, uuid, text, timestamptz) from public;
revoke all on function locks_renew(uuid, uuid, text, integer) from public;
revoke all on function locks_note_metric(uuid[]) from public;
revoke all on function locks_cause(uuid, uuid) from public;
revoke all on function locks_type_for(uuid, text, text) from public;
revoke all on function locks_of_alert(uuid, uuid) from public;
grant execute on function create_lock_from_alert(uuid, text[]) to wfweb_app;
grant execute on function unlock_from_alert_resolution(uuid, uuid, text) to wfweb_app;
grant execute on function expire_old_locks(integer) to wfweb_app;
grant execute on function locks_end(uuid[], text, uuid, text) to wfweb_app;
grant execute on function locks_renew(uuid, uuid, text, integer) to wfweb_app;
grant execute on function locks_note_metric(uuid[]) to wfweb_app;
grant execute on function locks_cause(uuid, uuid) to wfweb_app;
grant execute on function locks_of_alert(uuid, uuid) to wfweb_app;
grant execute on function locks_has_type(uuid) to wfweb_app;
