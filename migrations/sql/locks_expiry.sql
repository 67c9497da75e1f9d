-- Locks whose time is over. The type says whether time alone ends one: ``unlock`` does;
-- ``renew`` and ``accept`` only when the cause is measurably gone, else the lock stays, for
-- another period or until somebody accepts the risk in words.

-- When each lock is looked at next: when an earlier look said so, else after its period.
create view locks_dates as
select l.id, l.company_id, l.record_id, l.alert_id, l.locked_at, t.on_expiry, t.expiry_days,
    (select e.next_at from lock_evaluations e
     where e.lock_id = l.id and e.next_at is not null order by e.id desc limit 1) as next_at
from workflow_locks l
join lock_types t on t.company_id = l.company_id and t.code = l.lock_type
where l.status = 'locked';

create function expire_old_locks(days integer default 90) returns integer
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine uuid := locks_company();
    moment timestamptz;
    shortest integer;
    due uuid[];
    ending uuid[];
    ended integer;
begin
    if days is null or days not between 1 and 36500 then
        raise exception 'days must lie between 1 and 36500'
            using errcode = 'invalid_parameter_value';
    end if;
    -- One at a time in a company: a second caller finds what is left.
    perform pg_advisory_xact_lock(hashtextextended('expire_old_locks ' || mine, 0));
    moment := locks_now();
    select min(coalesce(t.expiry_days, days)) into shortest
    from lock_types t where t.company_id = mine;
    select array_agg(x.id) into due from (
        select d.id from locks_dates d
        where d.company_id = mine and d.locked_at <= moment - locks_days(shortest)
            and d.locked_at <= moment - locks_days(coalesce(d.expiry_days, days))
            and coalesce(d.next_at, d.locked_at + locks_days(coalesce(d.expiry_days, days)))
                <= moment
        limit 20000
    ) x;
    if due is null then
        return 0;
    end if;
    perform 1 from records where id in (
        select record_id from workflow_locks where id = any(due)
    ) order by id for no key update;
    with judged as materialized (
        select d.id, d.record_id, d.on_expiry, coalesce(d.expiry_days, days) as period,
            c.metric, c.operator, c.threshold, coalesce(c.value_now, c.value_then) as value,
            c.holds, d.on_expiry = 'unlock' or c.holds is false as ends
        from locks_dates d join locks_causes c on c.alert_id = d.alert_id
        where d.id = any(due)
            -- Again, now that the records are held: somebody may have renewed it meanwhile.
            and coalesce(d.next_at, d.locked_at + locks_days(coalesce(d.expiry_days, days)))
                <= moment
    ), looked as (
        insert into lock_evaluations (
            company_id, lock_id, record_id, at, why, outcome, metric, operator, threshold,
            value, holds, reason, next_at
        )
        select mine, j.id, j.record_id, moment, 'expiry',
            case when j.ends then 'expired' when j.on_expiry = 'renew' then 'kept' else 'asked' end,
            j.metric, j.operator, j.threshold, j.value, j.holds,
            case when j.ends then 'Its time was over'
                else 'Its time was over, its cause was not' end,
            case when not j.ends then
                moment + locks_days(case j.on_expiry when 'renew' then j.period else 1 end) end
        from judged j order by j.record_id, j.id
        returning lock_id, outcome
    )
    select array_agg(lock_id) filter (where outcome = 'expired') into ending from looked;
    update workflow_locks l set status = 'expired', unlock_reason = 'Its time was over',
        unlocked_at = greatest(moment, l.locked_at)
    where l.id = any(ending) and l.status = 'locked';
    get diagnostics ended = row_count;
    return ended;
end $$;
