-- Accounts: passwords apart from profiles, second factors, one-time links, sessions that know their device and rotate
-- the id in the browser's cookie.

-- ------------------------------------------------------------------------------------------------ passwords
-- One row per person who has set a password; an invited person has none.
create table passwords (
  profile_id uuid primary key references profiles on delete cascade,
  password_hash text not null,               -- argon2id, with its own salt and parameters
  changed_at timestamptz not null
);
insert into passwords (profile_id, password_hash, changed_at)
  select id, password_hash, created_at from profiles where password_hash is not null;
alter table profiles drop column password_hash;
alter table passwords enable row level security;
alter table passwords force row level security;
create policy own_or_system on passwords for all to procura_app
  using (profile_id::text = (select acting_person()) or (select acting_role()) = 'system')
  with check (profile_id::text = (select acting_person()) or (select acting_role()) = 'system');
create policy admin_adds on passwords for insert to procura_app with check ((select acting_role()) = 'admin');
create policy owner_answers on passwords for all to procura_owner using (true) with check (true);
grant select, insert, update, delete on passwords to procura_app;

-- ------------------------------------------------------------------------------------------------ sessions
-- One row per session, from signing in to its end; `id_hash` is its handle inside the product and opens nothing by itself.
alter table auth_sessions
  add column authenticated_at timestamptz not null default now(),  -- when the password was last proven
  add column idle_ends_at timestamptz not null default now() + interval '60 minutes',
  add column network text not null default '',   -- the client's network address at sign-in, for the list of sessions
  add column device text not null default '',    -- browser and system in two words, for the list of sessions
  add column ended_because text not null default '';  -- what revoked it: signed out, password changed, disabled, replayed …
alter table auth_sessions alter column idle_ends_at drop default, alter column authenticated_at drop default;

-- One row per id that a browser's cookie has held for a session; the id is replaced now and then.
create table auth_session_ids (
  id_hash bytea primary key,                 -- SHA-256 of the id
  session_hash bytea not null references auth_sessions on delete cascade,
  issued_at timestamptz not null,
  first_used_at timestamptz,                 -- when the browser came back with it: from then on the earlier ids run out
  honoured_until timestamptz                 -- for requests under way; its use after that ends the session
);
create index on auth_session_ids (session_hash);
insert into auth_session_ids (id_hash, session_hash, issued_at, first_used_at)
  select id_hash, id_hash, created_at, created_at from auth_sessions;
alter table auth_session_ids enable row level security;
alter table auth_session_ids force row level security;
create policy system_rotates on auth_session_ids for all to procura_app
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
create policy own_session_begins on auth_session_ids for insert to procura_app with check (exists (
  select from auth_sessions s where s.id_hash = session_hash and s.profile_id::text = (select acting_person())));
grant select, insert, update, delete on auth_session_ids to procura_app;

-- One row per sign-in that is half done: it opens nothing but the next step, and only for minutes.
create table sign_in_steps (
  id_hash bytea primary key,                 -- SHA-256 of the id in the step's own cookie or address
  profile_id uuid not null references profiles on delete cascade,
  step text not null check (step in ('code', 'enrol', 'continue')),
  wrong_codes integer not null default 0,
  session_hash bytea,                        -- of 'continue': the session that is handed over to the browser
  earlier_hash bytea,                        -- of 'continue': the id that the browser must still show
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index on sign_in_steps (profile_id);
alter table sign_in_steps enable row level security;
alter table sign_in_steps force row level security;
create policy system_judges on sign_in_steps for all to procura_app
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
create policy own_step_begins on sign_in_steps for insert to procura_app
  with check (profile_id::text = (select acting_person()));
grant select, insert, update, delete on sign_in_steps to procura_app;

-- ------------------------------------------------------------------------------------------------ second factor
-- One row per TOTP seed: at most one confirmed and one being enrolled per person.
create table second_factors (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references profiles on delete cascade,
  sealed_seed bytea not null,                -- sealed by the vault for the purpose totp:<profile_id>
  created_at timestamptz not null,
  confirmed_at timestamptz,
  last_step bigint                           -- the 30-second step of the last accepted code: none is accepted twice
);
create unique index one_confirmed_second_factor on second_factors (profile_id) where confirmed_at is not null;
create unique index one_second_factor_being_enrolled on second_factors (profile_id) where confirmed_at is null;
-- One row per recovery code; ten are made at enrolment and shown once.
create table recovery_codes (
  profile_id uuid not null references profiles on delete cascade,
  code_hash bytea not null,                  -- SHA-256 over profile and code (80 random bits)
  made_at timestamptz not null,
  used_at timestamptz,
  primary key (profile_id, code_hash)
);
do $$
declare t text;
begin
  foreach t in array array['second_factors', 'recovery_codes'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy own_or_system on %I for all to procura_app
      using (profile_id::text = (select acting_person()) or (select acting_role()) = 'system')
      with check (profile_id::text = (select acting_person()) or (select acting_role()) = 'system')$p$, t);
    execute format('create policy owner_answers on %I for all to procura_owner using (true) with check (true)', t);
    execute format('grant select, insert, update, delete on %I to procura_app', t);
  end loop;
end $$;

-- ------------------------------------------------------------------------------------------------ one-time links
-- One row per link with which a person sets a password without knowing one: an invitation or a reset.
create table one_time_links (
  token_hash bytea primary key,              -- SHA-256 of the link's secret, which is shown once and kept nowhere
  profile_id uuid not null references profiles on delete cascade,
  kind text not null check (kind in ('invitation', 'reset')),
  made_at timestamptz not null,
  made_by text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  voided_at timestamptz                      -- a later link, a disabling or a password made it worthless
);
create index on one_time_links (profile_id);
alter table one_time_links enable row level security;
alter table one_time_links force row level security;
create policy admin_or_system on one_time_links for all to procura_app
  using ((select acting_role()) in ('admin', 'system')) with check ((select acting_role()) in ('admin', 'system'));
create policy own_is_seen on one_time_links for select to procura_app using (profile_id::text = (select acting_person()));
create policy own_is_used on one_time_links for update to procura_app using (profile_id::text = (select acting_person()));
create policy owner_answers on one_time_links for select to procura_owner using (true);
grant select, insert, update (used_at, voided_at), delete on one_time_links to procura_app;

-- ------------------------------------------------------------------------------------------------ what an admin may
-- An admin sees how an account stands and takes its factors away, without ever reading a hash or a sealed seed.
create function account_state(person uuid, out has_password boolean, out has_second_factor boolean, out link_expires_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() in ('admin', 'system') or public.acting_department() = 'audit' then
    has_password := exists (select from public.passwords w where w.profile_id = person);
    has_second_factor := exists (
      select from public.second_factors f where f.profile_id = person and f.confirmed_at is not null);
    select max(l.expires_at) into link_expires_at from public.one_time_links l
      where l.profile_id = person and l.used_at is null and l.voided_at is null;
  end if;
end $$;
create function void_password(person uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() not in ('admin', 'system') then
    raise exception 'only an admin takes a password away' using errcode = 'insufficient_privilege';
  end if;
  delete from public.passwords where profile_id = person;
end $$;
create function void_second_factor(person uuid) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare removed integer;
begin
  if public.acting_role() not in ('admin', 'system') then
    raise exception 'only an admin takes a second factor away' using errcode = 'insufficient_privilege';
  end if;
  delete from public.recovery_codes where profile_id = person;
  delete from public.second_factors where profile_id = person and confirmed_at is null;
  delete from public.second_factors where profile_id = person;
  get diagnostics removed = row_count;
  return removed > 0;
end $$;
revoke all on function account_state(uuid), void_password(uuid), void_second_factor(uuid) from public;
grant execute on function account_state(uuid), void_password(uuid), void_second_factor(uuid) to procura_app;

insert into system_settings (key, value) values ('require_second_factor', 'off') on conflict (key) do nothing;

-- ------------------------------------------------------------------------------------------------ who acts
-- As in 0002, and an idle session does not act either.
create or replace function act_as(person text, session bytea) returns void
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
          where s.id_hash = session and s.profile_id = p.id and s.revoked_at is null
            and s.expires_at > now() and s.idle_ends_at > now()));
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
