-- How locks begin and end. Each function locks the records first, in the order of their ids.

create function create_lock_from_alert(alert uuid, actions text[] default null) returns uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
    cause alerts%rowtype;
    kind lock_types%rowtype;
    made workflow_locks%rowtype;
    wanted text[];
begin
    perform locks_need('alert', alert is not null);
    select * into cause from alerts a where a.id = alert and a.company_id = mine;
    if not found then
        raise exception 'there is no alert %', alert using errcode = 'no_data_found';
    end if;
    if cause.record_id is null then
        raise exception 'alert % is about no record', cause.key
            using errcode = 'invalid_parameter_value';
    end if;
    perform 1 from records where id = cause.record_id and company_id = mine for no key update;
    if cause.status in ('resolved', 'expired') then
        raise exception 'alert % has ended', cause.key using errcode = 'invalid_parameter_value';
    end if;
    select t.* into kind from lock_types t where t.company_id = mine and t.code = locks_type_for(
        mine, (select c.metric from locks_cause(mine, alert) c), cause.record_type_code
    );
    if kind.code is null then
        raise exception 'no kind of lock is made for alert %', cause.key
            using errcode = 'invalid_parameter_value',
                  hint = 'add a lock type with this cause, or a fallback';
    end if;
    wanted := locks_actions(actions, kind.blocked_actions);
    -- One active lock for each record and rule: raising an alert again adds nothing.
    select l.* into made from workflow_locks l join alerts a on a.id = l.alert_id
    where l.record_id = cause.record_id and l.status = 'locked'
        and a.rule_id = cause.rule_id and wanted <@ l.blocked_actions
    order by l.locked_at limit 1;
    if found then
        return made.id;
    end if;
    insert into workflow_locks (
        id, company_id, record_id, alert_id, lock_type, lock_reason, lock_severity, locked_at,
        locked_by, blocked_actions, updated_at
    ) values (
        gen_random_uuid(), mine, cause.record_id, cause.id, kind.code,
        left(concat_ws('. ', nullif(cause.title, ''), nullif(cause.message, '')), 2000),
        coalesce(kind.severity,
            case when cause.severity in ('critical', 'urgent') then 'critical' else 'warning' end),
        locks_now(), locks_actor(), wanted, locks_now()
    ) returning * into made;
    perform locks_evaluate(made, 'created', 'locked', locks_actor(), made.lock_reason, null);
    return made.id;
end $$;

-- The actions that were asked for, or those of the kind of lock.
create function locks_actions(asked text[], usual text[]) returns text[]
language plpgsql immutable set search_path = public, pg_temp as $$
begin
    if asked is null then
        return usual;
    end if;
    if cardinality(asked) not between 1 and 50 or exists (
        select 1 from unnest(asked) one where one is null or one !~ '^[a-z][a-z0-9_]{0,62}$'
    ) then
        raise exception 'actions must name 1 to 50 actions by their codes'
            using errcode = 'invalid_parameter_value';
    end if;
    return (select array_agg(distinct one order by one) from unnest(asked) one);
end $$;

-- End locks that stand, by somebody, with a reason; returns those that did.
create function locks_end(ids uuid[], because text, who uuid, said text) returns setof uuid
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
    one workflow_locks%rowtype;
begin
    if because is null or because not in ('release', 'override', 'accepted') then
        raise exception 'nobody ends a lock by %', coalesce(because, 'nothing')
            using errcode = 'invalid_parameter_value';
    end if;
    if coalesce(said, '') !~ '[^[:space:]]' or length(said) > 4000 then
        raise exception 'a reason must be given, of at most 4000 characters'
            using errcode = 'invalid_parameter_value';
    end if;
    perform locks_need('user', who is not null);
    if not exists (select 1 from users u where u.id = who and u.company_id = mine) then
        raise exception 'there is no user %', who using errcode = 'no_data_found';
    end if;
    perform 1 from records where id in (
        select record_id from workflow_locks where id = any(ids) and company_id = mine
    ) order by id for no key update;
    for one in
        select * from workflow_locks l
        where l.id = any(ids) and l.company_id = mine and l.status = 'locked'
        order by l.id for update
    loop
        perform locks_evaluate(one, because, 'unlocked', who, said, null);
        return next one.id;
    end loop;
    update workflow_locks l set status = 'unlocked', unlocked_by = who, unlock_reason = said,
        unlocked_at = greatest(locks_now(), l.locked_at)
    where l.id = any(ids) and l.company_id = mine and l.status = 'locked';
end $$;

-- The locks of a record that stand for the same rule as an alert do.
create function locks_of_alert(of_company uuid, alert uuid) returns uuid[]
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(array_agg(l.id order by l.id), '{}')
    from alerts a
    join workflow_locks l on l.record_id = a.record_id and l.company_id = a.company_id
        and l.status = 'locked'
    join alerts c on c.id = l.alert_id and c.rule_id = a.rule_id
    where a.id = alert and a.company_id = of_company and of_company = locks_company()
$$;

create function unlock_from_alert_resolution(alert uuid, resolver uuid, reason text)
returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
    ended integer;
begin
    perform locks_need('alert', alert is not null);
    perform locks_need('user', resolver is not null);
    perform locks_need('reason', reason is not null);
    select count(*) into ended
    from locks_end(locks_of_alert(mine, alert), 'release', resolver, reason);
    return ended;
end $$;

-- Keep a lock for another period, in somebody's words.
create function locks_renew(lock_id uuid, who uuid, said text, days integer) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
    one workflow_locks%rowtype;
begin
    perform 1 from records where id = (
        select l.record_id from workflow_locks l where l.id = locks_renew.lock_id
    ) for no key update;
    select * into one from workflow_locks l
    where l.id = locks_renew.lock_id and l.company_id = mine and l.status = 'locked';
    if not found then
        return false;
    end if;
    perform locks_evaluate(one, 'renewed', 'kept', who, said, locks_now() + locks_days(days));
    return true;
end $$;

-- Remember that a metric moved across its limit while locks stand; they stay as they are.
create function locks_note_metric(alerts uuid[]) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
    one workflow_locks%rowtype;
    noted integer := 0;
begin
    for one in
        select * from workflow_locks l
        where l.alert_id = any(alerts) and l.company_id = mine and l.status = 'locked'
        order by l.record_id, l.id
    loop
        perform locks_evaluate(one, 'metric', 'kept', locks_actor(), '', null);
        noted := noted + 1;
    end loop;
    return noted;
end $$;
