-- A published version is a promise to the instances that run on it: its body, number and
-- origin never change again, and its status only goes forward.
create function workflow_version_frozen() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        if old.status <> 'draft' then
            raise exception 'a published version is never removed'
                using errcode = 'insufficient_privilege';
        end if;
        return old;
    end if;
    if old.status <> 'draft' and (
        new.body is distinct from old.body or new.digest <> old.digest
        or new.number <> old.number or new.definition_id <> old.definition_id
        or new.company_id <> old.company_id or new.published_at is distinct from old.published_at
        or new.status = 'draft'
        or (old.status = 'retired' and new.status <> 'retired')
    ) then
        raise exception 'a published version never changes'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger workflow_versions_frozen before update or delete on workflow_versions
    for each row execute function workflow_version_frozen();
