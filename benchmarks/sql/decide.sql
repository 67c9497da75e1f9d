-- The measured limit: one decision written by one PL/pgSQL call, with the same rows as the verb
-- writes (audit entries and outbox messages of the same number and size).
create or replace function bench_decide(
    p_company uuid, p_request uuid, p_user uuid, p_name text, p_audit int, p_outbox int,
    p_details jsonb
) returns text language plpgsql as $$
declare
    q approval_requests;
    i workflow_instances;
    a approval_assignments;
    at timestamptz := clock_timestamp();
begin
    perform set_config('app.company_id', p_company::text, true),
        set_config('app.scope', 'company', true);
    select * into i from workflow_instances
        where id = (select instance_id from approval_requests where id = p_request)
        for no key update;
    select * into q from approval_requests where id = p_request for no key update;
    select * into a from approval_assignments
        where request_id = p_request and user_id = p_user and status = 'pending';
    if q.status <> 'pending' or a.id is null then
        return 'refused';
    end if;
    update approval_assignments set status = 'approved', closed_at = at,
        closed_because = 'Approved', changed_at = at where id = a.id;
    update approval_levels set status = 'approved', closed_at = at,
        closed_because = 'Settled without this answer' where id = a.level_id;
    update approval_requests set status = 'approved', decided_at = at, updated_at = at,
        version = version + 1 where id = q.id;
    update workflow_instances set state = 'approved', status = 'completed', entered_at = at,
        ended_at = at, steps = steps + 1, version = version + 1 where id = i.id;
    update records set state = 'approved' where id = q.record_id;
    update timers set state = 'cancelled' where subject_id = i.id and state = 'armed';
    insert into workflow_history (id, company_id, instance_id, seq, from_state, to_state,
        transition_code, kind, actor_kind, actor_id, actor_name, seconds_in_state, at)
        values (uuidv7(), p_company, i.id, i.steps + 1, i.state, 'approved', 'yes', 'approval',
            'user', p_user, p_name, 0, at);
    insert into approval_decisions (id, company_id, assignment_id, request_id, level_number,
        user_id, user_name, decision, comment, digest, record_version, channel, request_status, at)
        values (uuidv7(), p_company, a.id, q.id, 1, p_user, p_name, 'approve', '', q.digest,
            q.record_version, 'page', 'approved', at);
    insert into audit_events (id, at, company_id, type, name, target_type, target_id,
        target_label, new_values, changed_fields, details, actor_kind, actor_id, actor_name,
        channel, correlation_id, instance_id, request_id)
        select uuidv7(), at, p_company, 'APPROVAL', 'approval.decided', 'record', q.record_id,
            q.key, '{"status": "approved"}', '{status}', p_details, 'user', p_user, p_name, 'page',
            uuidv7(), i.id, q.id from generate_series(1, p_audit);
    insert into outbox_messages (id, company_id, kind, payload, state, attempts,
        unfinished_claims, created_at, next_at, correlation_id, actor_id, actor_name)
        select uuidv7(), p_company, 'bench', p_details, 'pending', 0, 0, at, at, uuidv7(), p_user,
            p_name from generate_series(1, p_outbox);
    return 'approved';
end $$;
