-- Rights a second time: every policy of the app names who acts, so that a transaction without identity sees nothing and a
-- role's own raw SQL can do no more than warehouse/domain/access.py allows it. Identity stands in scalar sub-selects: it
-- is asked once a statement, not once a row.

-- What 0001 let through without asking who acts goes.
drop policy everyone_reads on opportunities;
drop policy everyone_reads on opportunity_notices;
drop policy everyone_reads on opportunity_aliases;
drop policy everyone_reads on connectors;
drop policy everyone_reads on discovery_runs;
drop policy everyone_reads on company_profiles;
drop policy everyone_reads on word_tables;
drop policy everyone_reads on fit_scores;
drop policy everyone_reads on system_settings;
drop policy people_decide on opportunities;
drop policy people_edit on company_profiles;
drop policy app_people on profiles;
drop policy app_sessions on auth_sessions;
drop policy app_throttle on auth_throttle;
drop policy requests_in_own_name on run_requests;
drop policy app_reads on run_requests;
drop policy readers on audit_logs;
drop policy publishing_inserts on opportunities;
drop policy publishing_updates on opportunities;
drop policy publishing_removes_untouched on opportunities;
drop policy publishing_writes on opportunity_notices;
drop policy publishing_writes on opportunity_aliases;
drop policy scoring_appends on fit_scores;
drop policy scoring_appends on word_tables;
drop policy pipeline_writes on connectors;
drop policy pipeline_writes on discovery_runs;
drop policy pipeline_seeds on company_profiles;
drop policy pipeline_reads on submissions;
drop policy pipeline_moves on run_requests;

-- ------------------------------------------------------------------------------------------------ what sources said
do $$
declare t text;
begin
  foreach t in array array['opportunities', 'opportunity_notices', 'opportunity_aliases', 'connectors', 'discovery_runs',
                           'company_profiles', 'word_tables', 'fit_scores', 'system_settings'] loop
    execute format('create policy whoever_acts_reads on %I for select to procura_app using ((select acting_role()) <> %L)', t, '');
    execute format('create policy runs_read on %I for select to procura_pipeline using ((select acting_role()) = %L)', t, 'system');
    -- The analyst speaks SQL by hand, without a person: SELECT only, on these and nothing else.
    execute format('create policy analyst_reads on %I for select to procura_analyst using (true)', t);
  end loop;
end $$;

-- ------------------------------------------------------------------------------------------------ runs, as the product itself
create policy publishing_inserts on opportunities for insert to procura_pipeline with check ((select acting_role()) = 'system');
create policy publishing_updates on opportunities for update to procura_pipeline
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
create policy publishing_removes_untouched on opportunities for delete to procura_pipeline
  using ((select acting_role()) = 'system' and (is_demo or (status = 'new' and note is null
    and not exists (select from submissions s where s.opportunity_id = opportunities.id))));
create policy scoring_appends on fit_scores for insert to procura_pipeline with check ((select acting_role()) = 'system');
create policy scoring_appends on word_tables for insert to procura_pipeline with check ((select acting_role()) = 'system');
create policy runs_seed on company_profiles for insert to procura_pipeline
  with check ((select acting_role()) = 'system' and created_by = 'system');
create policy runs_look on submissions for select to procura_pipeline using ((select acting_role()) = 'system');
create policy analyst_reads on submissions for select to procura_analyst using (true);
do $$
declare t text;
begin
  foreach t in array array['opportunity_notices', 'opportunity_aliases', 'connectors', 'discovery_runs', 'run_requests'] loop
    execute format('create policy runs_write on %I for all to procura_pipeline using ((select acting_role()) = %L) with check ((select acting_role()) = %L)',
      t, 'system', 'system');
  end loop;
end $$;

-- ------------------------------------------------------------------------------------------------ what people decide
create policy people_decide on opportunities for update to procura_app
  using ((select acting_role()) in ('admin', 'contract_officer'))
  with check ((select acting_role()) in ('admin', 'contract_officer')
    and (select acting_person()) in (status_changed_by::text, noted_by::text));

-- A decision carries the name of who acts. Fires only where a statement sets these columns: publishing never does.
create function decided_in_own_name() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() not in ('', 'system') and ( -- nobody: row security has refused already
      (new.status, new.status_changed_at, new.status_changed_by) is distinct from (old.status, old.status_changed_at, old.status_changed_by)
        and new.status_changed_by::text is distinct from public.acting_person()
      or (new.note, new.noted_at, new.noted_by) is distinct from (old.note, old.noted_at, old.noted_by)
        and new.noted_by::text is distinct from public.acting_person()) then
    raise exception 'a decision is made in the own name' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger decided_in_own_name before update of status, status_changed_at, status_changed_by, note, noted_at, noted_by
  on opportunities for each row execute function decided_in_own_name();

create policy people_add on company_profiles for insert to procura_app
  with check ((select acting_role()) in ('admin', 'contract_officer') and created_by = (select acting_person()));
create policy people_choose on company_profiles for update to procura_app
  using ((select acting_role()) in ('admin', 'contract_officer')) with check ((select acting_role()) in ('admin', 'contract_officer'));
create policy requests_in_own_name on run_requests for insert to procura_app
  with check ((select acting_role()) in ('admin', 'contract_officer') and requested_by::text = (select acting_person())
    and state = 'pending' and run_id is null);
create policy whoever_acts_reads on run_requests for select to procura_app using ((select acting_role()) <> '');

-- ------------------------------------------------------------------------------------------------ people and settings
-- Names and roles are known to all who work here (a note says whose it is); secrets lie in tables of their own.
create policy whoever_acts_reads on profiles for select to procura_app using ((select acting_role()) <> '');
create policy admins_add on profiles for insert to procura_app with check ((select acting_role()) in ('admin', 'system'));
create policy admins_change on profiles for update to procura_app
  using ((select acting_role()) in ('admin', 'system')) with check ((select acting_role()) in ('admin', 'system'));
create policy own_or_keepers_see on auth_sessions for select to procura_app
  using (profile_id::text = (select acting_person()) or (select acting_role()) in ('admin', 'system'));
create policy own_begins on auth_sessions for insert to procura_app
  with check (profile_id::text = (select acting_person()) or (select acting_role()) = 'system');
create policy own_or_keepers_end on auth_sessions for update to procura_app
  using (profile_id::text = (select acting_person()) or (select acting_role()) in ('admin', 'system'))
  with check (profile_id::text = (select acting_person()) or (select acting_role()) in ('admin', 'system'));
create policy old_ones_go on auth_sessions for delete to procura_app using ((select acting_role()) = 'system');
create policy product_counts on auth_throttle for all to procura_app
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
create policy admins_add on system_settings for insert to procura_app with check ((select acting_role()) = 'admin');
create policy admins_change on system_settings for update to procura_app
  using ((select acting_role()) = 'admin') with check ((select acting_role()) = 'admin');
grant insert, update on system_settings to procura_app;

-- ------------------------------------------------------------------------------------------------ audit
-- Admins and auditors read the whole log, everybody else what they did themselves.
create policy readers on audit_logs for select to procura_app
  using ((select acting_role()) in ('admin', 'system')
    or ((select acting_role()) = 'viewer' and (select acting_department()) = 'audit')
    or actor = (select acting_person()));
create policy runs_read on audit_logs for select to procura_pipeline using ((select acting_role()) = 'system');

-- A number that grows with every deed after which counts of opportunities may differ: whoever reads those needs it, and
-- most of them may not read the log.
create index audit_logs_of_opportunities on audit_logs (seq)
  where action in ('opportunities:published', 'opportunity:status_set', 'fit:scored');
create function opportunities_version() returns bigint
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(max(a.seq), 0) from public.audit_logs a
  where a.action in ('opportunities:published', 'opportunity:status_set', 'fit:scored') and public.acting_role() <> '' $$;
revoke all on function opportunities_version() from public;
grant execute on function opportunities_version() to procura_app, procura_pipeline;

-- ------------------------------------------------------------------------------------------------ finding by words and numbers
-- Under a policy that names the identity PostgreSQL answers from an index only what compares by "leakproof" operators;
-- words (@@) and the tidied number are none, and a search would read every row (2 ms become 360 ms at 150,000). These
-- two ask the index as the owner, for whoever acts, and give back ids: what of the rows may be seen is policy's again.
-- `rows`: common words are the case in which the plan matters.
create function opportunities_with_words(words tsquery, most bigint default null, open_at timestamptz default null) returns setof text
language sql stable security definer rows 20000 set search_path = pg_catalog, pg_temp as $$
  select o.id from public.opportunities o where o.search @@ words and public.acting_role() <> ''
    and (open_at is null or o.is_open and (o.due_date is null or o.due_date >= open_at)) limit most $$;
create function opportunities_numbered(key text) returns text[]
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select array(select o.id from public.opportunities o where upper(regexp_replace(o.solicitation_number, '[^A-Za-z0-9]', '', 'g')) = key
    and o.merged_into is null and public.acting_role() <> '' limit 20) $$;
revoke all on function opportunities_with_words(tsquery, bigint, timestamptz) from public;
revoke all on function opportunities_numbered(text) from public;
grant execute on function opportunities_with_words(tsquery, bigint, timestamptz), opportunities_numbered(text) to procura_app, procura_pipeline;

-- ------------------------------------------------------------------------------------------------ the migrations' own table
alter table alembic_version enable row level security;
alter table alembic_version force row level security;
create policy owner_migrates on alembic_version for all to procura_owner using (true) with check (true);
