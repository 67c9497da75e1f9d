-- What keeps the table true, whoever writes to it.

-- A lock ends only by release, override, acceptance or expiry; each leaves an evaluation first.
create function locks_refuse_direct_change() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if tg_op = 'DELETE' then
        -- Deeper than the first level: the record or the alert itself is being removed.
        if pg_trigger_depth() > 1 then
            return old;
        end if;
        raise exception 'a lock is never removed, it ends by release, override or expiry'
            using errcode = 'insufficient_privilege';
    end if;
    if (new.id, new.company_id, new.record_id, new.alert_id, new.lock_type, new.lock_reason,
        new.lock_severity, new.locked_at, new.locked_by, new.blocked_actions)
       is distinct from
       (old.id, old.company_id, old.record_id, old.alert_id, old.lock_type, old.lock_reason,
        old.lock_severity, old.locked_at, old.locked_by, old.blocked_actions) then
        raise exception 'what a lock was made for never changes'
            using errcode = 'insufficient_privilege';
    end if;
    if (new.status, new.unlocked_at, new.unlocked_by, new.unlock_reason, new.lock_duration_hours)
       is not distinct from
       (old.status, old.unlocked_at, old.unlocked_by, old.unlock_reason, old.lock_duration_hours)
    then
        return new;
    end if;
    if old.status <> 'locked' or new.status = 'locked' or not exists (
        select 1 from lock_evaluations e
        where e.lock_id = new.id and e.outcome = new.status
    ) then
        raise exception 'a lock ends once, by release, override or expiry'
            using errcode = 'insufficient_privilege',
                  hint = 'unlock_from_alert_resolution(alert, user, reason), expire_old_locks(days)';
    end if;
    return new;
end $$;

create function locks_set_duration() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    if new.unlocked_at is not null then
        new.lock_duration_hours :=
            extract(epoch from new.unlocked_at - new.locked_at)::numeric / 3600;
    end if;
    return new;
end $$;

create function locks_set_updated_at() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
    new.updated_at := greatest(locks_now(), old.updated_at);
    return new;
end $$;

-- The record's flag follows its active locks. The rows are locked before they are counted, so
-- that two locks which end in the same instant do not both see the other one stand.
create function locks_sync_flag() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform 1 from records
    where id in (select record_id from changed) order by id for no key update;
    update records r set has_active_alerts = found.active
    from (
        select c.record_id, exists (
            select 1 from workflow_locks l
            where l.record_id = c.record_id and l.status = 'locked'
        ) as active
        from (select distinct record_id from changed) c
    ) found
    where r.id = found.record_id and r.has_active_alerts <> found.active;
    return null;
end $$;

-- A lock that arrives takes back the leave given for what it blocks.
create function locks_revoke_permits() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update action_permits p set status = 'revoked', revoked_by_lock_id = c.id,
        revoked_at = c.locked_at
    from changed c
    where p.record_id = c.record_id and p.status = 'issued' and c.status = 'locked'
        and p.action = any(c.blocked_actions);
    return null;
end $$;

-- What other clients do is told by the application too: it announces its own acts itself.
create function locks_announce() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if current_setting('app.announces_locks', true) = 'on' then
        return null;
    end if;
    insert into outbox_messages (
        id, company_id, kind, payload, state, attempts, unfinished_claims,
        created_at, next_at, correlation_id, actor_name
    )
    select gen_random_uuid(), c.company_id, 'locks.announce',
        jsonb_build_object('lock_id', c.id, 'status', c.status),
        'pending', 0, 0, now(), now(), gen_random_uuid(), 'a database client'
    from changed c
    where tg_op = 'INSERT' or (c.status <> 'locked' and not c.unlock_notification_sent);
    return null;
end $$;

create trigger workflow_locks_change before update or delete on workflow_locks
    for each row execute function locks_refuse_direct_change();
create trigger workflow_locks_duration before insert or update on workflow_locks
    for each row execute function locks_set_duration();
create trigger workflow_locks_updated_at before update on workflow_locks
    for each row execute function locks_set_updated_at();
create trigger workflow_locks_flag_insert after insert on workflow_locks
    referencing new table as changed for each statement execute function locks_sync_flag();
create trigger workflow_locks_flag_update after update on workflow_locks
    referencing new table as changed for each statement execute function locks_sync_flag();
create trigger workflow_locks_flag_delete after delete on workflow_locks
    referencing old table as changed for each statement execute function locks_sync_flag();
create trigger workflow_locks_permits after insert on workflow_locks
    referencing new table as changed for each statement execute function locks_revoke_permits();
create trigger workflow_locks_told_insert after insert on workflow_locks
    referencing new table as changed for each statement execute function locks_announce();
create trigger workflow_locks_told_update after update on workflow_locks
    referencing new table as changed for each statement execute function locks_announce();
create trigger workflow_locks_no_truncate before truncate on workflow_locks
    for each statement execute function refuse_change();
