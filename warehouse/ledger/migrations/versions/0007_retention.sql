-- How long records are kept: clocks, holds, purges and what is left of what was purged.
-- The lock 818 makes a purge's decision and the setting of a hold one after the other.

-- One row per record whose time of keeping begins with an event outside its own dates: final payment, close.
create table retention_clocks (
  record_class text not null check (record_class in ('bid', 'award', 'audit')),
  subject text not null,                     -- the submission's or award's id
  starts_at timestamptz not null,
  source text not null,                      -- final_payment | close | end_of_performance: which date it is
  set_by text not null,
  set_at timestamptz not null,
  primary key (record_class, subject)
);
-- One row per legal hold: what it names never goes in a purge. Set by one, lifted by another.
create table legal_holds (
  id uuid primary key,
  kind text not null check (kind in ('opportunity', 'solicitation', 'agency', 'submission', 'person', 'class')),
  subject text not null check (btrim(subject) <> ''),
  reason text not null check (btrim(reason) <> ''),
  set_by text not null,                      -- a profile's id, or system: the operator at the machine
  set_at timestamptz not null,
  lifted_by text check (lifted_by <> set_by),
  lifted_at timestamptz,
  lift_reason text check (btrim(lift_reason) <> ''),
  check ((lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (lift_reason is null))
);
create unique index one_active_hold on legal_holds (kind, lower(subject)) where lifted_at is null;
-- One row per purge: decided in one transaction, carried out after it, finished when nothing of it is left to do.
create table retention_purges (
  id uuid primary key,
  plan_hash text not null,                   -- of exactly what was shown before
  begun_at timestamptz not null,
  begun_by text not null,
  counts jsonb not null,                     -- records by class, landed files
  pending_files text[] not null default '{}',-- files of bids in the home that are still to be removed
  finished_at timestamptz
);
create unique index one_open_purge on retention_purges ((true)) where finished_at is null;
-- One row per record that was purged, by hash only: a lake that is built again does not bring it back.
create table retention_tombstones (
  record_class text not null,                -- a record class, or landing: a landed file
  subject_hash bytea not null,               -- SHA-256 of its id; of a notice: source, unit separator, notice id
  payload_hash bytea not null,               -- SHA-256 over what was removed
  up_to_order bigint,                        -- files landed later may bring a notice anew
  purge_id uuid not null references retention_purges,
  purged_at timestamptz not null,
  primary key (record_class, subject_hash)
);
create index on retention_tombstones (purge_id);

do $$
declare t text;
begin
  foreach t in array array['retention_clocks', 'legal_holds', 'retention_purges', 'retention_tombstones'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    -- Who may read of retention: warehouse/domain/access.py, retention:read.
    execute format($p$create policy keepers_read on %I for select to procura_app using (
      (select acting_role()) in ('admin', 'system') or (select acting_role()) = 'viewer' and (select acting_department()) = 'audit'
      or (select acting_role()) = 'contract_officer' and (select acting_department()) = 'legal')$p$, t);
    execute format('create policy owner_works on %I for all to procura_owner using (true) with check (true)', t);
  end loop;
end $$;
grant select on retention_clocks, legal_holds, retention_purges, retention_tombstones to procura_app;

create policy bidders_set on retention_clocks for insert to procura_app
  with check ((select acting_role()) in ('admin', 'contract_officer', 'system') and set_by = (select acting_person()));
create policy bidders_move on retention_clocks for update to procura_app
  using ((select acting_role()) in ('admin', 'contract_officer', 'system'))
  with check ((select acting_role()) in ('admin', 'contract_officer', 'system') and set_by = (select acting_person()));
-- An insert that meets a row reads it; a contract officer may otherwise not.
create policy bidders_read on retention_clocks for select to procura_app
  using ((select acting_role()) = 'contract_officer');
grant insert, update (starts_at, source, set_by, set_at) on retention_clocks to procura_app;

create policy keepers_set on legal_holds for insert to procura_app with check (
  set_by = (select acting_person()) and lifted_at is null
  and ((select acting_role()) in ('admin', 'system')
    or (select acting_role()) = 'contract_officer' and (select acting_department()) = 'legal'));
create policy others_lift on legal_holds for update to procura_app
  using (lifted_at is null and set_by <> (select acting_person())
    and ((select acting_role()) in ('admin', 'system')
      or (select acting_role()) = 'contract_officer' and (select acting_department()) = 'legal'))
  with check (lifted_by = (select acting_person()));
grant insert (id, kind, subject, reason, set_by, set_at), update (lifted_by, lifted_at, lift_reason) on legal_holds to procura_app;

create policy purgers_write on retention_purges for insert to procura_app
  with check ((select acting_role()) in ('admin', 'system') and begun_by = (select acting_person()));
create policy purgers_finish on retention_purges for update to procura_app
  using ((select acting_role()) in ('admin', 'system') and finished_at is null) with check ((select acting_role()) in ('admin', 'system'));
grant insert, update (finished_at, pending_files) on retention_purges to procura_app;
create policy purgers_write on retention_tombstones for insert to procura_app
  with check ((select acting_role()) in ('admin', 'system'));
create policy purgers_again on retention_tombstones for update to procura_app
  using ((select acting_role()) in ('admin', 'system')) with check ((select acting_role()) in ('admin', 'system'));
-- Only while its purge is open: a hold came before the record left the lake.
create policy purgers_withdraw on retention_tombstones for delete to procura_app
  using ((select acting_role()) in ('admin', 'system')
    and exists (select from retention_purges p where p.id = purge_id and p.finished_at is null));
grant insert, update, delete on retention_tombstones to procura_app;
-- Building the lake again leaves out what was purged.
create policy rebuilding_reads on retention_tombstones for select to procura_pipeline using ((select acting_role()) = 'system');
grant select on retention_tombstones to procura_pipeline;

-- A hold and a purge's decision wait for each other: a hold set in between is seen.
create function hold_waits() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(818);
  return new;
end $$;
create trigger hold_waits before insert on legal_holds for each row execute function hold_waits();

create policy owner_purges on opportunities for delete to procura_owner using (true);
create policy owner_unlinks on opportunities for update to procura_owner using (true) with check (true);
do $$
declare t text;
begin
  foreach t in array array['opportunity_notices', 'opportunity_aliases', 'fit_scores', 'submission_files', 'submission_tasks',
                           'submission_runs', 'approval_workflows', 'llm_cache', 'auth_sessions', 'submissions'] loop
    execute format('create policy owner_purges on %I for delete to procura_owner using (true)', t);
    execute format('create policy owner_finds_due on %I for select to procura_owner using (true)', t);
  end loop;
end $$;

create function only_letters_and_digits(x text) returns text language sql immutable parallel safe set search_path = pg_catalog, pg_temp
  as $$ select upper(regexp_replace(coalesce(x, ''), '[^A-Za-z0-9]', '', 'g')) $$;

-- Which of these opportunities an active hold names. The lake is asked the same in warehouse/lake/retention_notices.sql.
create function held_opportunities(ids text[]) returns setof text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select o.id from public.opportunities o
  where o.id = any(ids) and exists (select from public.legal_holds h where h.lifted_at is null and (
    h.kind = 'class' and h.subject in ('notice', 'all')
    or h.kind = 'opportunity' and h.subject in (o.id, o.merged_into)
    or h.kind = 'solicitation' and public.only_letters_and_digits(h.subject) = public.only_letters_and_digits(o.solicitation_number)
    or h.kind = 'agency' and position(lower(h.subject) in lower(concat_ws(' / ', o.agency, o.sub_agency, o.office))) > 0
    or h.kind = 'submission' and exists (
      select from public.submissions s where s.id::text = h.subject and s.opportunity_id = o.id)))
$$;
-- Who may read of retention, asked inside functions: refuses everybody else.
create function check_keeper() returns void language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if not (public.acting_role() in ('admin', 'system') or public.acting_role() = 'viewer' and public.acting_department() = 'audit'
      or public.acting_role() = 'contract_officer' and public.acting_department() = 'legal') then
    raise exception 'retention is not for this person' using errcode = 'insufficient_privilege';
  end if;
end $$;
-- Every opportunity that a person touched, when it was decided last, and whether there is a bid or a hold on one.
create function touched_opportunities() returns table (id text, merged_into text, decided_at timestamptz, has_bid boolean, has_held_bid boolean)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.check_keeper();
  return query select o.id, o.merged_into, greatest(o.status_changed_at, o.noted_at), count(s.id) > 0, count(h.id) > 0
    from public.opportunities o left join public.submissions s on s.opportunity_id = o.id
    left join public.legal_holds h on h.kind = 'submission' and h.subject = s.id::text and h.lifted_at is null
    where s.id is not null or o.status <> 'new' or o.note is not null or o.status_changed_at is not null or o.noted_at is not null
    group by o.id;
end $$;
-- What of a class is due: began to count at or before `until`, and no hold names it.
create function due_records(wanted text, until timestamptz) returns table (subject text, starts_at timestamptz, clock text, payload_hash bytea)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.check_keeper();
  if wanted = 'bid' then
    return query select s.id::text, c.starts_at, c.source, sha256(convert_to(s::text, 'UTF8'))
      from public.submissions s join public.retention_clocks c on c.record_class = 'bid' and c.subject = s.id::text
      where c.starts_at <= until and not exists (select from public.legal_holds h where h.lifted_at is null and (
          h.kind = 'class' and h.subject in ('bid', 'all') or h.kind = 'submission' and h.subject = s.id::text))
        and not exists (select from public.held_opportunities(array[s.opportunity_id]));
  elsif wanted = 'model_cache' then
    return query select l.prompt_hash, l.created_at, 'answered'::text, sha256(convert_to(l.response::text, 'UTF8')) from public.llm_cache l
      where l.created_at <= until and not exists (select from public.legal_holds h
        where h.lifted_at is null and h.kind = 'class' and h.subject in ('model_cache', 'all'));
  elsif wanted = 'session_log' then
    return query select encode(a.id_hash, 'hex'), least(coalesce(a.revoked_at, a.expires_at), a.expires_at), 'ended'::text, sha256(a.id_hash)
      from public.auth_sessions a
      where least(coalesce(a.revoked_at, a.expires_at), a.expires_at) <= until and not exists (select from public.legal_holds h
        where h.lifted_at is null and (h.kind = 'class' and h.subject in ('session_log', 'all')
          or h.kind = 'person' and h.subject = a.profile_id::text));
  else
    raise exception 'nothing of the class % is found here', wanted using errcode = 'invalid_parameter_value';
  end if;
end $$;
-- Remove records that a purge has decided on. Refuses what a hold names, whoever asks; the caller holds lock 818.
create function purge_records(wanted text, subjects text[], out removed bigint, out files text[])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare held text;
begin
  if public.acting_role() not in ('admin', 'system') then
    raise exception 'purging is for an admin or the operator' using errcode = 'insufficient_privilege';
  end if;
  perform pg_advisory_xact_lock(818);
  files := '{}';
  if wanted = 'opportunity' then
    select h into held from public.held_opportunities(subjects) h limit 1;
    if held is not null then
      raise exception 'opportunity % is held', held using errcode = 'PR816';
    end if;
    delete from public.fit_scores f where f.opportunity_id = any(subjects);
    delete from public.opportunity_aliases a where a.alias_id = any(subjects) or a.opportunity_id = any(subjects);
    delete from public.opportunity_notices n where n.opportunity_id = any(subjects);
    update public.opportunities o set merged_into = null where o.merged_into = any(subjects);
    delete from public.opportunities o where o.id = any(subjects);
    get diagnostics removed = row_count;
    return;
  end if;
  select s into held from unnest(subjects) s where s not in (select d.subject from public.due_records(wanted, 'infinity') d) limit 1;
  if held is not null then
    raise exception '% % is held, or is not there', wanted, held using errcode = 'PR816';
  end if;
  if wanted = 'bid' then
    select coalesce(array_agg(f.storage_path), '{}') into files from public.submission_files f where f.submission_id::text = any(subjects);
    delete from public.approval_workflows w where w.submission_id::text = any(subjects);
    delete from public.submission_runs r where r.submission_id::text = any(subjects);
    delete from public.submission_tasks t where t.submission_id::text = any(subjects);
    delete from public.submission_files f where f.submission_id::text = any(subjects);
    delete from public.submissions s where s.id::text = any(subjects);
  elsif wanted = 'model_cache' then
    delete from public.llm_cache l where l.prompt_hash = any(subjects);
  else
    delete from public.auth_sessions a where encode(a.id_hash, 'hex') = any(subjects);
  end if;
  get diagnostics removed = row_count;
end $$;
-- How many audit records there are that began to count at or before `until`: none of them goes.
create function old_audit_records(until timestamptz) returns table (records bigint, oldest timestamptz, newest timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform public.check_keeper();
  return query select count(*), min(l.starts_at), max(l.starts_at) from (
    select case when a.submission_ref is null then a.at else max(a.at) over (partition by a.submission_ref) end as starts_at
    from public.audit_logs a) l
  where l.starts_at <= until;
end $$;
do $$
declare f text;
begin
  foreach f in array array['held_opportunities(text[])', 'due_records(text, timestamptz)', 'purge_records(text, text[])',
                           'old_audit_records(timestamptz)', 'touched_opportunities()', 'check_keeper()', 'only_letters_and_digits(text)'] loop
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to procura_app', f);
  end loop;
end $$;
