-- Who asks, what time it is, and how nonsense is refused: used by every function of locks.

-- The company named by the session. Without one nothing is answered: an empty answer would
-- read as "nothing is blocked".
create function locks_company() returns uuid
language plpgsql stable set search_path = public, pg_temp as $$
declare
    named text := nullif(current_setting('app.company_id', true), '');
begin
    if named is null then
        raise exception 'no company is named: set app.company_id first'
            using errcode = 'insufficient_privilege',
                  hint = 'select set_config(''app.company_id'', ''<id of the company>'', false)';
    end if;
    return named::uuid;
exception when invalid_text_representation then
    raise exception 'app.company_id is not the id of a company: %', named
        using errcode = 'invalid_parameter_value';
end $$;

-- The instant: read after a row lock was taken, so that the order of instants is the order of
-- commits. A replay or a test that stops the clock says so by app.now.
create function locks_now() returns timestamptz
language sql volatile set search_path = public, pg_temp as $$
    select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, clock_timestamp())
$$;

-- Who acts, where the application says so; nobody for other clients.
create function locks_actor() returns uuid
language sql stable set search_path = public, pg_temp as $$
    select nullif(current_setting('app.actor_id', true), '')::uuid
$$;

create function locks_need(what text, given boolean) returns void
language plpgsql immutable set search_path = public, pg_temp as $$
begin
    if given is not true then
        raise exception '% must be given', what using errcode = 'null_value_not_allowed';
    end if;
end $$;

-- A number that was written as text; null for everything else.
create function locks_number(written text) returns numeric
language sql immutable as $$
    select case when written ~ '^-?[0-9]{1,30}(\.[0-9]{1,20})?$' then written::numeric end
$$;

create function locks_days(days integer) returns interval
language sql immutable as $$
    -- In hours: a day that the clocks change is as long as any other.
    select make_interval(hours => days * 24)
$$;
