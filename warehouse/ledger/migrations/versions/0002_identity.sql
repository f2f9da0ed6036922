-- Who acts is checked where a transaction begins: one function, asked by the store with the first statement.
-- Row security reads what it sets: acting_person(), acting_role(), acting_department().

create policy owner_checks on auth_sessions for select to procura_owner using (true);

-- A person with a session acts only while that session lives; 'system' is the product itself (sign-in, runs, the operator
-- at the machine). Raises PR401 when the session has ended or the person is disabled or unknown.
create function act_as(person text, session bytea) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare role text; department text;
begin
  if person = 'system' then
    role := 'system';
    department := 'system';
  else
    begin
      select p.role, p.department into role, department from public.profiles p
      where p.id = person::uuid and not p.is_disabled
        and (session is null or exists (
          select from public.auth_sessions s
          where s.id_hash = session and s.profile_id = p.id and s.revoked_at is null and s.expires_at > now()));
    exception when invalid_text_representation then
      role := null;
    end;
    if role is null then
      raise exception 'this session has ended' using errcode = 'PR401';
    end if;
  end if;
  perform set_config('procura.person', person, true), set_config('procura.role', role, true),
    set_config('procura.department', department, true);
end $$;
revoke all on function act_as(text, bytea) from public;
grant execute on function act_as(text, bytea) to procura_app, procura_pipeline;

-- Empty text where no identity was set: such a transaction is nobody, and policies refuse nobody.
create function acting_person() returns text language sql stable parallel safe set search_path = pg_catalog, pg_temp
  as $$ select coalesce(current_setting('procura.person', true), '') $$;
create function acting_role() returns text language sql stable parallel safe set search_path = pg_catalog, pg_temp
  as $$ select coalesce(current_setting('procura.role', true), '') $$;
create function acting_department() returns text language sql stable parallel safe set search_path = pg_catalog, pg_temp
  as $$ select coalesce(current_setting('procura.department', true), '') $$;
