-- What people are told, how they want to hear of it, what they search for again and again, and their calendars.
-- Everybody reads the own; the product itself writes and sends.

-- ------------------------------------------------------------------------------------------------ notices
-- One row per person and thing that happened: the same key is told a person once.
create table notifications (
  id uuid primary key default gen_random_uuid(),
  person_id uuid not null references profiles on delete cascade,
  key text not null check (btrim(key) <> '' and length(key) <= 200), -- what happened, named by who tells
  kind text not null check (kind in ('mentioned', 'shared', 'handed_over', 'waiting_for_you', 'approved', 'rejected', 'voided', 'notice_changed',
    'point_assigned', 'point_overdue', 'deadline', 'safe_instant', 'saved_search', 'file_refused')),
  text text not null check (btrim(text) <> '' and length(text) <= 500),
  submission_id uuid references submissions on delete cascade,
  opportunity_id text references opportunities on delete cascade,
  actor text not null,                       -- a profile's id, or system
  at timestamptz not null default now(),
  read_at timestamptz,
  planned_at timestamptz,                    -- when it was decided which ways it leaves the product
  unique (person_id, key)
);
create index unread_notifications on notifications (person_id, at desc) where read_at is null;
create index on notifications (person_id, at desc);
create index unplanned_notifications on notifications (at) where planned_at is null;
create index on notifications (submission_id) where submission_id is not null;
create index on notifications (opportunity_id) where opportunity_id is not null;
-- One row per notice and way on which it leaves the product.
create table notification_sendings (
  notification_id uuid not null references notifications on delete cascade,
  channel text not null check (channel in ('email', 'hook')),
  pace text not null check (pace in ('at_once', 'digest')),
  state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'failed', 'dropped')),
  attempts integer not null default 0,
  next_try_at timestamptz not null,
  claimed_at timestamptz,                    -- while it is being sent: who died meanwhile leaves it so
  is_repeat boolean not null default false,  -- it may have been sent before: the message says so
  sent_at timestamptz,
  reason text not null default '',           -- why it failed or was dropped, in our words
  primary key (notification_id, channel)
);
create index open_sendings on notification_sendings (next_try_at) where state in ('waiting', 'sending');
create index failed_sendings on notification_sendings (notification_id) where state = 'failed';

-- One row per person who chose how to hear of things; without one the defaults hold.
create table notification_settings (
  person_id uuid primary key references profiles on delete cascade,
  paces jsonb not null default '{}',         -- kind: at_once, digest or never; a kind that is not here has its default
  uses_email boolean not null default true,
  digest_hour integer not null default 7 check (digest_hour between 0 and 23),
  digest_weekdays integer[] not null default '{1,2,3,4,5}' check (digest_weekdays <@ '{1,2,3,4,5,6,7}'), -- 1 is Monday
  zone text not null default 'America/New_York',
  hook_kind text check (hook_kind in ('slack', 'teams')),
  sealed_hook bytea,                         -- the address is the right to write there: a secret
  hook_version integer not null default 0,
  changed_at timestamptz not null,
  check ((hook_kind is null) = (sealed_hook is null))
);
select vault_register('notification_settings', 'sealed_hook');

-- ------------------------------------------------------------------------------------------------ searches and calendars
-- One row per search of the Opportunities page that somebody wants to hear of each morning.
create table saved_searches (
  id uuid primary key,
  person_id uuid not null references profiles on delete cascade,
  name text not null check (btrim(name) <> '' and length(name) <= 80),
  address text not null check (length(address) <= 4000), -- the view as the page's address says it
  filter jsonb not null,                     -- the same as the ledger asks it, without what counts days from today
  is_watched boolean not null default true,  -- new matches are told
  created_at timestamptz not null,
  seen_at timestamptz not null               -- when new matches were looked for last
);
create unique index one_search_of_a_name on saved_searches (person_id, lower(name));
-- One row per match that was told, or was there when the search was saved.
create table saved_search_matches (
  search_id uuid not null references saved_searches on delete cascade,
  opportunity_id text not null references opportunities on delete cascade,
  seen_at timestamptz not null,
  primary key (search_id, opportunity_id)
);
create index on saved_search_matches (opportunity_id);
-- One row per address of a calendar that somebody gave to a calendar program.
create table calendar_feeds (
  id uuid primary key,
  person_id uuid not null references profiles on delete cascade,
  token_hash bytea not null unique,          -- SHA-256; the token itself is shown once
  name text not null check (btrim(name) <> '' and length(name) <= 80),
  created_at timestamptz not null,
  last_read_at timestamptz,
  revoked_at timestamptz
);
create index on calendar_feeds (person_id);
-- One row per event that a feed has shown: what a calendar holds is taken back when it is gone.
create table calendar_events (
  feed_id uuid not null references calendar_feeds on delete cascade,
  uid text not null,
  sequence integer not null default 0,       -- grows with each change, as RFC 5545 asks
  content_hash text not null,
  starts_at timestamptz not null,
  is_cancelled boolean not null default false,
  changed_at timestamptz not null,
  primary key (feed_id, uid)
);

-- ------------------------------------------------------------------------------------------------ who sees and who changes
do $$
declare t text;
begin
  foreach t in array array['notifications', 'notification_sendings', 'notification_settings', 'saved_searches', 'saved_search_matches',
                           'calendar_feeds', 'calendar_events'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_works on %I for all to procura_owner using (true) with check (true)', t);
    execute format($p$create policy product_works on %I for all to procura_app
      using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system')$p$, t);
  end loop;
  foreach t in array array['notification_settings', 'saved_searches', 'calendar_feeds'] loop
    execute format($p$create policy own on %I for all to procura_app
      using (person_id::text = (select acting_person())) with check (person_id::text = (select acting_person()))$p$, t);
  end loop;
end $$;
-- What is about an offer is seen while the offer is.
create policy own_are_seen on notifications for select to procura_app
  using (person_id::text = (select acting_person()) and (submission_id is null or submission_id in (select s.id from submissions s)));
create policy own_are_read on notifications for update to procura_app
  using (person_id::text = (select acting_person())) with check (person_id::text = (select acting_person()));
create policy own_are_seen on notification_sendings for select to procura_app
  using ((select acting_role()) = 'admin' or notification_id in (select n.id from notifications n where n.person_id::text = (select acting_person())));
create policy own_are_seen on saved_search_matches for all to procura_app
  using (search_id in (select s.id from saved_searches s where s.person_id::text = (select acting_person())))
  with check (search_id in (select s.id from saved_searches s where s.person_id::text = (select acting_person())));
grant select, update (read_at, planned_at) on notifications to procura_app;
grant select, insert, update (state, attempts, next_try_at, claimed_at, is_repeat, sent_at, reason) on notification_sendings to procura_app;
grant select (person_id, paces, uses_email, digest_hour, digest_weekdays, zone, hook_kind, hook_version, changed_at), insert,
  update (paces, uses_email, digest_hour, digest_weekdays, zone, hook_kind, sealed_hook, hook_version, changed_at) on notification_settings to procura_app;
grant select, insert, delete, update (name, is_watched, seen_at) on saved_searches to procura_app;
grant select, insert on saved_search_matches to procura_app;
grant select, insert, update (last_read_at, revoked_at) on calendar_feeds to procura_app;
grant select, insert, update (sequence, content_hash, starts_at, is_cancelled, changed_at) on calendar_events to procura_app;

-- The one way in which a notice begins: for people who can sign in, the acting person left out, each key once. Says how many were told.
create function tell_people(people uuid[], of_kind text, words text, of_key text, offer uuid, opportunity text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare told integer;
begin
  if public.acting_role() = '' then
    raise exception 'nobody tells nothing' using errcode = 'insufficient_privilege';
  end if;
  insert into public.notifications (person_id, key, kind, text, submission_id, opportunity_id, actor)
  select p.id, of_key, of_kind, words, offer, opportunity, public.acting_person() from public.profiles p
  where p.id = any(people) and not p.is_disabled and p.id::text <> public.acting_person()
  order by p.id
  on conflict (person_id, key) do nothing;
  get diagnostics told = row_count;
  return told;
end $$;
-- The sealed address of a person's hook: for the product that sends.
create function sealed_hook_of(person uuid, out sealed bytea, out version integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'hooks are opened to send, by the product' using errcode = 'insufficient_privilege';
  end if;
  select s.sealed_hook, s.hook_version into sealed, version from public.notification_settings s where s.person_id = person;
end $$;
revoke all on function tell_people(uuid[], text, text, text, uuid, text) from public;
revoke all on function sealed_hook_of(uuid) from public;
grant execute on function tell_people(uuid[], text, text, text, uuid, text) to procura_app, procura_pipeline;
grant execute on function sealed_hook_of(uuid) to procura_app;
