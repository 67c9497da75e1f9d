-- The cause of a lock as a live condition, and which kind of lock a cause leads to.

-- What raised each alert, what it was then and is now, and whether it still holds; null when
-- nobody can say. Between the raising and the clearing limit of a rule the cause still holds.
-- Read only by the functions here, which ask for their own company: nobody else has a right to it.
create view locks_causes as
select x.alert_id, x.company_id, x.metric, x.operator, x.threshold, x.value_then,
    m.value as value_now,
    case
        -- What happened once is raised no more when somebody ends its alert, but not cured by that.
        when x.type in ('event', 'sla') and s.raised is not true then x.holds
        when x.type is distinct from 'threshold' then coalesce(s.raised, x.holds)
        else case x.operator
            when '<' then m.value < x.quiet
            when '<=' then m.value <= x.quiet
            when '>' then m.value > x.quiet
            when '>=' then m.value >= x.quiet
        end
    end as holds
from (
    select a.id as alert_id, a.company_id, a.record_id, a.rule_id, a.subject_id, a.holds, r.type,
        coalesce(a.context ->> 'metric', r.body ->> 'metric') as metric,
        coalesce(a.context ->> 'operator', r.body ->> 'operator') as operator,
        locks_number(coalesce(a.context ->> 'threshold', r.body ->> 'raise_at')) as threshold,
        locks_number(coalesce(
            a.context ->> 'clear_at', a.context ->> 'threshold', r.body ->> 'raise_at'
        )) as quiet,
        locks_number(a.context ->> 'value') as value_then
    from alerts a left join alert_rules r on r.id = a.rule_id
) x
left join metric_latest m on m.record_id = x.record_id and m.metric = x.metric
left join alert_states s on s.rule_id = x.rule_id and s.subject_id = x.subject_id;

create function locks_cause(
    of_company uuid, of_alert uuid,
    out metric text, out operator text, out threshold numeric,
    out value_then numeric, out value_now numeric, out holds boolean
) language sql stable security definer set search_path = public, pg_temp as $$
    select c.metric, c.operator, c.threshold, c.value_then, c.value_now, c.holds
    from locks_causes c
    where c.alert_id = of_alert and c.company_id = of_company and of_company = locks_company()
$$;

-- The code of the kind of lock for a metric: named exactly, then by its beginning, then the
-- fallback; among equals the one made for this type of record. Null when there is none.
create function locks_type_for(of_company uuid, metric text, record_type text) returns text
language sql stable security definer set search_path = public, pg_temp as $$
    select t.code
    from lock_types t
    left join lateral (
        select max(case when c.cause = lower(metric) then 1000 else length(c.cause) end) as weight
        from (select lower(unnest(t.causes)) as cause) c
        where c.cause = lower(metric)
            or (c.cause like '%*' and starts_with(lower(metric), rtrim(c.cause, '*')))
    ) fit on true
    where t.company_id = of_company and t.active
        and (t.record_type_code is null or t.record_type_code = record_type)
        and (fit.weight is not null or t.fallback)
    order by fit.weight desc nulls last, (t.record_type_code is null), t.code
    limit 1
$$;

-- Whether a kind of lock is made for an alert.
create function locks_has_type(alert uuid) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select 1 from alerts a cross join lateral locks_cause(a.company_id, a.id) c
        where a.id = alert and a.company_id = locks_company()
            and locks_type_for(a.company_id, c.metric, a.record_type_code) is not null
    )
$$;

-- Remember how the cause stands at this moment.
create function locks_evaluate(
    of_lock workflow_locks, because text, leads_to text, who uuid, said text, again timestamptz
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    cause record;
begin
    select * into cause from locks_cause(of_lock.company_id, of_lock.alert_id);
    insert into lock_evaluations (
        company_id, lock_id, record_id, at, why, outcome, metric, operator, threshold,
        value, holds, by_id, reason, next_at
    ) values (
        of_lock.company_id, of_lock.id, of_lock.record_id, locks_now(), because, leads_to,
        cause.metric, cause.operator, cause.threshold, coalesce(cause.value_now, cause.value_then),
        cause.holds, who, coalesce(said, ''), again
    );
end $$;
