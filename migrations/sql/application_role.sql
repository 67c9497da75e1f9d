-- The role of web, worker and timers: owns no table, bypasses no row-level security.
do $$
begin
    if not exists (select 1 from pg_roles where rolname = 'wfweb_app') then
        begin
            create role wfweb_app nologin nosuperuser nocreatedb nocreaterole nobypassrls;
        exception when duplicate_object or unique_violation then
            null;  -- another database of this server was migrated in the same instant
        end;
    end if;
    execute format('grant wfweb_app to %I', current_user);
    execute format('grant usage on schema public to wfweb_app');
end $$;
