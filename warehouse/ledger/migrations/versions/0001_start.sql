-- The ledger's first shape: the twelve tables, the six enums, their companions, rights and row security.
-- Names and values of tables, key columns and enums are the product's data model (docs/adr/0002). Run by procura_owner.

create type opportunity_status as enum ('new', 'reviewing', 'qualified', 'disqualified', 'submitted');
create type submission_status as enum ('draft', 'pending_approval', 'approved', 'submitted', 'rejected');
create type approval_status as enum ('pending', 'legal_approved', 'finance_approved', 'complete', 'rejected');
create type connector_status as enum ('active', 'warning', 'revoked');
create type run_status as enum ('pending', 'running', 'success', 'failed');
create type user_role as enum ('admin', 'contract_officer', 'viewer');

-- ------------------------------------------------------------------------------------------------ people
create table profiles (
  id uuid primary key default gen_random_uuid(),
  email text not null check (email = lower(btrim(email)) and email like '%_@_%'),
  role user_role not null,
  department text not null default 'contracts' check (department in ('contracts', 'legal', 'finance', 'audit', 'operations')),
  password_hash text,
  is_demo boolean not null default false,
  is_disabled boolean not null default false,
  created_at timestamptz not null default now(),
  unique (email)
);
create table auth_sessions (
  id_hash bytea primary key,
  profile_id uuid not null references profiles on delete cascade,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index on auth_sessions (profile_id);
create table auth_throttle (
  subject_hash bytea primary key,          -- SHA-256 of an address or of a client, so that neither is kept in clear
  failures integer not null,
  last_failure_at timestamptz not null,
  blocked_until timestamptz
);

-- ------------------------------------------------------------------------------------------------ sources
create table connectors (
  id uuid primary key default gen_random_uuid(),
  name text not null unique,
  auth_type text not null,
  encrypted_credentials bytea,
  status connector_status not null default 'active',
  status_reason text,
  documentation_url text,
  last_success_at timestamptz
);
create table discovery_runs (
  id uuid primary key default gen_random_uuid(),
  connector_id uuid not null references connectors,
  status run_status not null,
  records_fetched bigint not null default 0 check (records_fetched >= 0),
  accepted bigint not null default 0 check (accepted >= 0),
  quarantined bigint not null default 0 check (quarantined >= 0),
  unchanged bigint not null default 0 check (unchanged >= 0),
  versions bigint not null default 0 check (versions >= 0),
  skipped_files jsonb not null default '[]',
  reason text not null default '',          -- why nothing came, or what failed: never a secret
  as_of timestamptz,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
create index on discovery_runs (connector_id, started_at desc);

-- ------------------------------------------------------------------------------------------------ opportunities
create table opportunities (
  id text primary key,                       -- deterministic from source and group key
  source text not null,
  external_ref text not null,                -- the current notice's id at its source
  content_hash text not null,                -- the current notice's version
  solicitation_number text,
  title text not null,
  agency text,
  sub_agency text,
  office text,
  notice_type text not null,
  naics_code text,
  psc_code text,
  set_aside_code text,
  set_aside_text text,
  place_city text,
  place_state text,
  place_country text,
  posted_at timestamptz,
  first_posted_at timestamptz,
  due_date timestamptz,
  due_raw text,
  due_offset_minutes integer,
  due_precision text not null,
  safe_deadline_at timestamptz,
  archive_on date,
  value_usd numeric(18, 2),
  description text,
  description_url text,
  url text,
  attachment_urls text[] not null default '{}',
  contacts jsonb not null default '[]',
  flags text[] not null default '{}',
  notice_count integer not null,
  is_open boolean not null,
  is_demo boolean not null default false,
  row_hash text not null,                    -- of everything the lake publishes: unchanged rows are not touched
  published_at timestamptz not null default now(),
  merged_into text references opportunities, -- regrouped: the survivor
  -- what the ranker said last; fit_scores keeps all of it
  fit_score integer check (fit_score between 0 and 100),
  recommendation text check (recommendation in ('pursue', 'watch', 'pass')),
  fit_reasons jsonb not null default '[]',
  scorer text,
  profile_version text,
  fit_content_hash text,                     -- the version of the notice that was scored
  fit_rule text,                             -- the hard rule that decided, if one did
  scored_at timestamptz,
  -- what people decided: publishing has no right to update these
  status opportunity_status not null default 'new',
  status_changed_at timestamptz,
  status_changed_by uuid references profiles,
  note text,
  noted_at timestamptz,
  noted_by uuid references profiles,
  search tsvector generated always as (
    setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('simple', coalesce(solicitation_number, '') || ' ' || external_ref || ' ' || coalesce(naics_code, '') || ' ' || coalesce(psc_code, '')), 'A')
    || setweight(to_tsvector('english', coalesce(agency, '') || ' ' || coalesce(sub_agency, '') || ' ' || coalesce(office, '')), 'B')
    || setweight(to_tsvector('english', left(coalesce(description, ''), 100000)), 'C')) stored
) with (toast_tuple_target = 256);  -- texts and word lists lie beside: a list reads rows without them
create index on opportunities using gin (search);
-- Covering: a filtered list finds its rows and its count here, without a look at the wide rows.
create index opportunities_by_fit on opportunities (fit_score desc nulls last, due_date, id)
  include (agency, naics_code, psc_code, set_aside_code, notice_type, status, place_state, posted_at, recommendation) where is_open;
create index on opportunities (due_date, id) where is_open;
create index on opportunities (safe_deadline_at, id) where is_open;
create index on opportunities (posted_at desc nulls last, id) where is_open;
create index opportunities_by_agency on opportunities (agency)
  include (naics_code, psc_code, set_aside_code, notice_type, status, place_state, posted_at, recommendation, fit_score, due_date) where is_open;
create index on opportunities (naics_code collate "C") where is_open;  -- asked by prefix, as a range
create index on opportunities (psc_code collate "C") where is_open;
create index on opportunities (status);
create index on opportunities (safe_deadline_at, id) where status in ('reviewing', 'qualified');  -- what is in hand
create index on opportunities (merged_into) where merged_into is not null;
-- A number typed with or without its dashes finds its solicitation.
create index on opportunities (upper(regexp_replace(solicitation_number, '[^A-Za-z0-9]', '', 'g')));
create index on opportunities (external_ref);
create index on opportunities (id) where is_demo;
create table opportunity_notices (           -- the chain: every version of every notice of the solicitation
  opportunity_id text not null references opportunities on delete cascade,
  notice_id text not null,
  content_hash text not null,
  ordinal integer not null,                  -- 1 is the oldest
  notice_type text not null,
  title text not null,
  posted_at timestamptz,
  due_date timestamptz,
  due_raw text,
  due_offset_minutes integer,
  due_precision text not null,
  set_aside_code text,
  description text,
  url text,
  first_seen_at timestamptz not null,
  primary key (opportunity_id, notice_id, content_hash)
);
create index on opportunity_notices (notice_id);
create table opportunity_aliases (
  alias_id text primary key,
  opportunity_id text not null
);

-- ------------------------------------------------------------------------------------------------ fit
create table company_profiles (
  version text primary key,                  -- hash of the content
  name text not null,
  body text not null,                        -- YAML as a person wrote it
  is_current boolean not null default true,
  created_at timestamptz not null default now(),
  created_by text not null
);
create unique index one_current_company_profile on company_profiles (is_current) where is_current;
create table word_tables (                   -- how rare each word of a title is: part of the scorer, kept so that scores hold still
  version text primary key,
  n_texts integer not null,
  word_counts jsonb not null,
  built_at timestamptz not null default now()
);
create table fit_scores (                    -- append-only: any past score can be explained
  id bigint generated always as identity primary key,
  opportunity_id text not null,
  content_hash text not null,
  profile_version text not null,
  scorer text not null,
  rule text,                                 -- the hard rule that decided, if one did
  fit_score integer not null check (fit_score between 0 and 100),
  recommendation text not null check (recommendation in ('pursue', 'watch', 'pass')),
  reasons jsonb not null,
  as_of timestamptz not null,
  scored_at timestamptz not null default now()
);
create unique index fit_scores_key on fit_scores (opportunity_id, content_hash, profile_version, scorer, coalesce(rule, ''));

-- ------------------------------------------------------------------------------------------------ submissions
create table submissions (
  id uuid primary key default gen_random_uuid(),
  opportunity_id text not null references opportunities,
  status submission_status not null default 'draft',
  approval_status approval_status not null default 'pending',
  owner_id uuid not null references profiles,
  created_at timestamptz not null default now()
);
create index on submissions (opportunity_id);
create table submission_files (
  id uuid primary key default gen_random_uuid(),
  submission_id uuid not null references submissions,
  file_name text not null,
  storage_path text not null,
  scan_status text not null default 'pending' check (scan_status in ('pending', 'clean', 'refused', 'not_scanned')),
  created_at timestamptz not null default now()
);
create table submission_tasks (
  id uuid primary key default gen_random_uuid(),
  submission_id uuid not null references submissions,
  title text not null,
  completed boolean not null default false,
  locked boolean not null default false
);
create table submission_runs (
  id uuid primary key default gen_random_uuid(),
  submission_id uuid not null references submissions,
  status run_status not null default 'pending',
  receipt_id text,
  screenshots jsonb not null default '[]',
  created_at timestamptz not null default now()
);
create table approval_workflows (
  id uuid primary key default gen_random_uuid(),
  submission_id uuid not null references submissions,
  step_name text not null,
  approver_id uuid references profiles,
  status approval_status not null default 'pending'
);
create table llm_cache (
  prompt_hash text primary key,
  response jsonb not null,
  tokens_used bigint not null check (tokens_used >= 0),
  created_at timestamptz not null default now()
);
create table system_settings (
  key text primary key,
  value text not null
);
insert into system_settings (key, value) values ('autonomy_mode', 'manual'), ('llm_provider', 'offline');

-- ------------------------------------------------------------------------------------------------ runs
create table run_requests (
  id uuid primary key default gen_random_uuid(),
  job text not null,
  requested_by uuid not null references profiles,
  requested_at timestamptz not null default now(),
  attempt integer not null default 1,
  state run_status not null default 'pending',
  run_id text,
  detail text not null default ''
);
create unique index one_open_request on run_requests (job) where state in ('pending', 'running');

-- ------------------------------------------------------------------------------------------------ audit
create table audit_logs (
  seq bigint primary key check (seq > 0),
  at timestamptz not null,
  actor text not null,
  action text not null,
  subject text not null,
  submission_ref text,
  body bytea not null,                       -- the exact canonical bytes that were signed
  previous_hash bytea not null,
  confirmation_hash bytea not null,          -- HMAC-SHA256 over previous hash and body
  key_id text not null
);
create index on audit_logs (subject, seq);

-- Take the lock that makes appends one after the other, and read the chain's end. First of the two steps.
create function audit_head(out seq bigint, out confirmation_hash bytea)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(815);
  select a.seq, a.confirmation_hash into seq, confirmation_hash from public.audit_logs a order by a.seq desc limit 1;
  seq := coalesce(seq, 0);
  confirmation_hash := coalesce(confirmation_hash, ''::bytea);
end $$;
-- Append one record; the transaction's last statement. Refuses a gap, a fork and a caller that did not take the lock.
create function audit_append(new_seq bigint, new_at timestamptz, new_actor text, new_action text, new_subject text,
  new_submission_ref text, new_body bytea, new_previous bytea, new_hash bytea, new_key_id text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare head record;
begin
  select * into head from public.audit_head();
  if new_seq <> head.seq + 1 or new_previous <> head.confirmation_hash then
    raise exception 'audit record % does not follow %', new_seq, head.seq using errcode = 'serialization_failure';
  end if;
  insert into public.audit_logs values
    (new_seq, new_at, new_actor, new_action, new_subject, new_submission_ref, new_body, new_previous, new_hash, new_key_id);
end $$;
revoke all on function audit_head() from public;
revoke all on function audit_append(bigint, timestamptz, text, text, text, text, bytea, bytea, bytea, text) from public;
grant execute on function audit_head() to procura_app, procura_pipeline;
grant execute on function audit_append(bigint, timestamptz, text, text, text, text, bytea, bytea, bytea, text) to procura_app, procura_pipeline;

-- ------------------------------------------------------------------------------------------------ row security and rights
do $$
declare t text;
begin
  for t in select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
end $$;

-- Read by all three: what sources said and what was computed from it.
do $$
declare t text;
begin
  foreach t in array array['opportunities', 'opportunity_notices', 'opportunity_aliases', 'connectors', 'discovery_runs',
                           'company_profiles', 'word_tables', 'fit_scores', 'system_settings'] loop
    execute format('create policy everyone_reads on %I for select to procura_app, procura_pipeline, procura_analyst using (true)', t);
  end loop;
end $$;
grant select on opportunities, opportunity_notices, opportunity_aliases, discovery_runs, company_profiles, word_tables, fit_scores,
  system_settings to procura_app, procura_pipeline, procura_analyst;
grant select on connectors to procura_app, procura_pipeline;
grant select (id, name, auth_type, status, status_reason, documentation_url, last_success_at) on connectors to procura_analyst;

-- Publishing and scoring: everything but what people decided; only what nobody touched may vanish.
create policy publishing_inserts on opportunities for insert to procura_pipeline with check (true);
create policy publishing_updates on opportunities for update to procura_pipeline using (true) with check (true);
create policy publishing_removes_untouched on opportunities for delete to procura_pipeline
  using (is_demo or (status = 'new' and note is null and not exists (select from submissions s where s.opportunity_id = opportunities.id)));
grant insert, delete on opportunities to procura_pipeline;
grant update (source, external_ref, content_hash, solicitation_number, title, agency, sub_agency, office, notice_type, naics_code, psc_code,
  set_aside_code, set_aside_text, place_city, place_state, place_country, posted_at, first_posted_at, due_date, due_raw, due_offset_minutes,
  due_precision, safe_deadline_at, archive_on, value_usd, description, description_url, url, attachment_urls, contacts, flags, notice_count,
  is_open, is_demo, row_hash, published_at, merged_into, fit_score, recommendation, fit_reasons, scorer, profile_version,
  fit_content_hash, fit_rule, scored_at) on opportunities to procura_pipeline;
create policy publishing_writes on opportunity_notices for all to procura_pipeline using (true) with check (true);
create policy publishing_writes on opportunity_aliases for all to procura_pipeline using (true) with check (true);
grant insert, update, delete on opportunity_notices, opportunity_aliases to procura_pipeline;
create policy scoring_appends on fit_scores for insert to procura_pipeline with check (true);
create policy scoring_appends on word_tables for insert to procura_pipeline with check (true);
grant insert on fit_scores, word_tables to procura_pipeline;
create policy pipeline_writes on connectors for all to procura_pipeline using (true) with check (true);
create policy pipeline_writes on discovery_runs for all to procura_pipeline using (true) with check (true);
grant insert, update on connectors, discovery_runs to procura_pipeline;
create policy pipeline_seeds on company_profiles for insert to procura_pipeline with check (created_by = 'system');
grant insert on company_profiles to procura_pipeline;
create policy pipeline_reads on submissions for select to procura_pipeline, procura_analyst using (true);
grant select on submissions to procura_pipeline, procura_analyst;

-- The app: what people decide, in the name of the person set for the transaction.
create policy people_decide on opportunities for update to procura_app using (true)
  with check (current_setting('procura.person', true) in (status_changed_by::text, noted_by::text));
grant update (status, status_changed_at, status_changed_by, note, noted_at, noted_by) on opportunities to procura_app;
create policy people_edit on company_profiles for all to procura_app using (true) with check (true);
grant insert, update (is_current) on company_profiles to procura_app;
create policy app_people on profiles for all to procura_app using (true) with check (true);
create policy app_sessions on auth_sessions for all to procura_app using (true) with check (true);
create policy app_throttle on auth_throttle for all to procura_app using (true) with check (true);
grant select, insert, update on profiles to procura_app;
grant select, insert, update, delete on auth_sessions, auth_throttle to procura_app;
create policy requests_in_own_name on run_requests for insert to procura_app
  with check (requested_by::text = current_setting('procura.person', true));
create policy app_reads on run_requests for select to procura_app using (true);
create policy pipeline_moves on run_requests for all to procura_pipeline using (true) with check (true);
grant select, insert on run_requests to procura_app;
grant select, update on run_requests to procura_pipeline;

-- Audit: only the owner's functions write; the app reads.
create policy owner_appends on audit_logs for all to procura_owner using (true) with check (true);
create policy readers on audit_logs for select to procura_app, procura_pipeline using (true);
grant select on audit_logs to procura_app, procura_pipeline;

-- Touched by a workspace is asked by row security as the pipeline, and by foreign keys as the owner.
create policy owner_checks on opportunities for select to procura_owner using (true);
create policy owner_checks on profiles for select to procura_owner using (true);
create policy owner_checks on connectors for select to procura_owner using (true);
create policy owner_checks on submissions for select to procura_owner using (true);
create policy owner_seeds on system_settings for all to procura_owner using (true) with check (true);
