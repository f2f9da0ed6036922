-- The vault: which master keys are in use, which columns hold sealed values, and what is known of each credential.
-- No new value can come in under a key that was rotated away: a trigger of every sealed column sees to it, so that
-- counting the values on old keys is a proof.

-- One row a master key that ever sealed something here. The keys themselves are elsewhere.
create table vault_keys (
  key_id text primary key,                   -- beginning of the SHA-256 of the key
  state text not null check (state in ('admitted', 'old', 'retired')), -- new values may be under it; may not; nobody needs it any more
  changed_at timestamptz not null default now()
);
-- One row a column that holds sealed values; rotation walks them.
create table vault_places (
  table_name text not null,
  column_name text not null,
  primary key (table_name, column_name)
);
-- One row a credential of a connector; the secret itself lies sealed in connectors.encrypted_credentials.
create table connector_credentials (
  connector_id uuid not null references connectors,
  field text not null,                       -- api_key, user_name, …
  version bigint not null default 0,         -- version of the connector's sealed credentials that set it; 0: known from its use alone
  is_required boolean not null default false, -- false: the source also works without it, or nobody has said
  set_at timestamptz,
  set_by text,                               -- a profile's id, or system
  expires_at timestamptz,
  last_used_at timestamptz,
  last_failed_at timestamptz,
  failures integer not null default 0 check (failures >= 0), -- refusals in a row
  failure_reason text,                       -- in our words: never what was sent
  primary key (connector_id, field)
);
alter table connectors add column credentials_version bigint not null default 0; -- grows with every change; the sealed value says it too

alter table vault_keys enable row level security;
alter table vault_keys force row level security;
alter table vault_places enable row level security;
alter table vault_places force row level security;
alter table connector_credentials enable row level security;
alter table connector_credentials force row level security;

create policy owner_checks on vault_keys for all to procura_owner using (true) with check (true);
create policy owner_checks on vault_places for all to procura_owner using (true) with check (true);
create policy owner_checks on connector_credentials for all to procura_owner using (true) with check (true);
create policy keepers_read on vault_keys for select to procura_app using ((select acting_role()) in ('admin', 'system'));
create policy operator_changes on vault_keys for all to procura_app
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
create policy keepers_read on vault_places for select to procura_app using ((select acting_role()) in ('admin', 'system'));
create policy keepers_change on connector_credentials for all to procura_app, procura_pipeline
  using ((select acting_role()) in ('admin', 'system')) with check ((select acting_role()) in ('admin', 'system'));
grant select, insert, update on vault_keys to procura_app;
grant select on vault_places to procura_app;
grant select, insert, update, delete on connector_credentials to procura_app;
grant select, insert, update on connector_credentials to procura_pipeline;

-- The app sees of connectors what a page shows; the sealed bytes only through sealed_credentials().
revoke select on connectors from procura_app;
grant select (id, name, auth_type, status, status_reason, documentation_url, last_success_at, credentials_version) on connectors to procura_app;
grant insert (name, auth_type, documentation_url, status, status_reason, encrypted_credentials, credentials_version),
  update (status, status_reason, encrypted_credentials, credentials_version) on connectors to procura_app;
create policy keepers_add on connectors for insert to procura_app with check ((select acting_role()) in ('admin', 'system'));
create policy keepers_change on connectors for update to procura_app
  using ((select acting_role()) in ('admin', 'system')) with check ((select acting_role()) in ('admin', 'system'));

create function sealed_credentials(connector text, out sealed bytea, out version bigint)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() not in ('admin', 'system') then
    raise exception 'credentials are for admins' using errcode = 'insufficient_privilege';
  end if;
  select c.encrypted_credentials, c.credentials_version into sealed, version from public.connectors c where c.name = connector;
end $$;

-- The id of the key that a sealed value names (warehouse/vault.py); null where it is no sealed value.
create function vault_key_of(sealed bytea) returns text language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when substring(sealed from 1 for 3) = 'v1.'::bytea and substring(sealed from 16 for 1) = '.'::bytea
    then encode(substring(sealed from 4 for 12), 'escape') end $$;

-- Refuse what is not sealed (PR451) and what is sealed with a key that is not admitted (PR452). The first key is admitted by its use.
-- The key's row is held until the writer has committed: a rotation that takes its admission away waits for that.
create function vault_admits() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare new_value bytea; old_value bytea; held text;
begin
  execute format('select ($1).%I', tg_argv[0]) using new into new_value;
  if tg_op = 'UPDATE' then
    execute format('select ($1).%I', tg_argv[0]) using old into old_value;
  end if;
  if new_value is null or new_value = old_value then
    return new;
  end if;
  held := public.vault_key_of(new_value);
  if held is null then
    raise exception 'the value for %.% is not sealed', tg_table_name, tg_argv[0] using errcode = 'PR451';
  end if;
  perform from public.vault_keys k where k.key_id = held and k.state = 'admitted' for share;
  if not found then
    perform pg_advisory_xact_lock(817);
    if exists (select from public.vault_keys k where k.state = 'admitted' and k.key_id <> held) then
      raise exception 'the key % seals nothing new any more', held using errcode = 'PR452';
    end if;
    insert into public.vault_keys (key_id, state) values (held, 'admitted')
      on conflict (key_id) do update set state = 'admitted', changed_at = now() where vault_keys.state <> 'admitted';
  end if;
  return new;
end $$;

-- Make a column one of the vault's. Every migration that adds a sealed column calls this.
create function vault_register(of_table text, of_column text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.vault_places (table_name, column_name) values (of_table, of_column);
  execute format('create trigger %I before insert or update of %I on public.%I for each row execute function public.vault_admits(%L)',
    'vault_admits_' || of_column, of_column, of_table, of_column);
  execute format('create policy %I on public.%I for select to procura_owner using (true)', 'vault_looks_at_' || of_column, of_table);
  execute format('create policy %I on public.%I for update to procura_owner using (true) with check (true)', 'vault_reseals_' || of_column, of_table);
end $$;
revoke all on function vault_register(text, text) from public;

-- What is sealed with another key than this one (null: everything), at most so many of each place.
create function vault_sealed(besides text, at_most integer) returns table (table_name text, column_name text, sealed bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare place record;
begin
  if public.acting_role() <> 'system' then
    raise exception 'rotation is the operator''s' using errcode = 'insufficient_privilege';
  end if;
  for place in select p.table_name as t, p.column_name as c from public.vault_places p order by 1, 2 loop
    return query execute format(
      'select %L::text, %L::text, %I from public.%I where %I is not null'
      ' and ($1 is null or public.vault_key_of(%I) is distinct from $1) limit $2',
      place.t, place.c, place.c, place.t, place.c, place.c) using besides, at_most;
  end loop;
end $$;

-- Put a resealed value in the place of exactly the one it was made from; false where somebody was quicker.
create function vault_reseal(of_table text, of_column text, was bytea, becomes bytea) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare changed bigint;
begin
  if public.acting_role() <> 'system' or not exists (
      select from public.vault_places p where p.table_name = of_table and p.column_name = of_column) then
    raise exception 'rotation is the operator''s, and walks registered columns' using errcode = 'insufficient_privilege';
  end if;
  execute format('update public.%I set %I = $2 where %I = $1', of_table, of_column, of_column) using was, becomes;
  get diagnostics changed = row_count;
  return changed > 0;
end $$;
revoke all on function sealed_credentials(text) from public;
revoke all on function vault_sealed(text, integer) from public;
revoke all on function vault_reseal(text, text, bytea, bytea) from public;
revoke all on function vault_admits() from public;
grant execute on function sealed_credentials(text) to procura_app, procura_pipeline;
grant execute on function vault_sealed(text, integer), vault_reseal(text, text, bytea, bytea) to procura_app;

-- Every column that is sealed already: connectors.encrypted_credentials, and what the accounts brought.
do $$
declare place record;
begin
  for place in select c.relname as t, a.attname as c from pg_class c join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid
      where n.nspname = 'public' and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
        and a.atttypid = 'bytea'::regtype and (a.attname like 'sealed\_%' or a.attname like 'encrypted\_%') loop
    perform vault_register(place.t, place.c);
  end loop;
end $$;
