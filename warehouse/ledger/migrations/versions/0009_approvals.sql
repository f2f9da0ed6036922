-- Approvals: who must sign, who signed which exact bytes, and the only functions that move an offer from state to state.
-- Whoever calls them, nobody approves alone: what makes an offer approved is asked again by a trigger as it becomes so.
-- What they refuse has a code (PR42x, PR43x) that pipelines/submission/approval_refusals.py puts into sentences.

-- ------------------------------------------------------------------------------------------------ the rule
-- One row per step that a package passes; changed by admins, and never for a package that was sent already.
create table approval_steps (
  id uuid primary key default gen_random_uuid(),
  position integer not null check (position between 1 and 99), -- the order in which they sign
  step_name text not null check (btrim(step_name) <> '' and length(step_name) <= 60),
  department text not null check (department in ('contracts', 'legal', 'finance', 'audit', 'operations')),
  min_value_usd numeric(18, 2) check (min_value_usd > 0), -- only for offers worth that much; a value that nobody knows counts as above
  is_active boolean not null default true,
  changed_at timestamptz not null default now(),
  changed_by uuid references profiles        -- null: as it was installed
);
create unique index one_step_at_a_position on approval_steps (position) where is_active;
create unique index one_step_of_a_name on approval_steps (lower(step_name)) where is_active;
insert into approval_steps (position, step_name, department) values (1, 'Legal', 'legal'), (2, 'Finance', 'finance');

-- One row per standing-in: somebody of the same department signs while another is away. It gives no right that the
-- department does not give; it says in whose place, and whom to tell.
create table approval_delegations (
  id uuid primary key default gen_random_uuid(),
  from_id uuid not null references profiles,
  to_id uuid not null references profiles,
  department text not null,
  starts_on date not null,                   -- days of UTC, both included
  ends_on date not null,
  set_at timestamptz not null default now(),
  revoked_at timestamptz,
  check (from_id <> to_id),
  check (ends_on >= starts_on and ends_on - starts_on <= 366)
);
create index on approval_delegations (to_id, ends_on) where revoked_at is null;
create index on approval_delegations (from_id);

-- ------------------------------------------------------------------------------------------------ the signatures
-- A row is one step of one package; the rule of the moment when it was sent is copied into it.
alter table approval_workflows
  add column manifest_id uuid not null references package_manifests on delete cascade,
  add column manifest_hash text not null,    -- what is signed
  add column position integer not null,
  add column department text not null,
  add column decided_at timestamptz,
  add column reason text check (btrim(reason) <> '' and length(reason) <= 2000),
  add column on_behalf_of uuid references profiles, -- who had asked the signer to stand in
  add column session_hash text,              -- SHA-256 of the handle of the session in which it was signed
  add column voided_at timestamptz,          -- no longer counts: rejected, taken back, amended or changed
  add column created_at timestamptz not null default now(),
  add unique (manifest_id, position),
  add check ((status = 'pending') = (approver_id is null) and (status = 'pending') = (decided_at is null)
    and (status = 'pending') = (session_hash is null)),
  add check (status <> 'rejected' or reason is not null),
  add check (on_behalf_of <> approver_id);
create unique index nobody_signs_two_steps on approval_workflows (manifest_id, approver_id) where approver_id is not null;
create index on approval_workflows (submission_id, created_at);
create index open_steps on approval_workflows (department) where status = 'pending' and voided_at is null;

-- ------------------------------------------------------------------------------------------------ who sees and who changes
do $$
declare t text;
begin
  foreach t in array array['approval_steps', 'approval_delegations', 'approval_workflows'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_works on %I for all to procura_owner using (true) with check (true)', t);
    execute format('grant select on %I to procura_app', t);
  end loop;
end $$;
-- What signing leans on is held while it happens: a person who is being disabled, a session that is being ended, wait.
create policy owner_holds on profiles for update to procura_owner using (true) with check (false);
create policy owner_holds on auth_sessions for update to procura_owner using (true) with check (false);

create policy whoever_acts_reads on approval_steps for select to procura_app using ((select acting_role()) <> '');
create policy admins_add on approval_steps for insert to procura_app
  with check ((select acting_role()) = 'admin' and changed_by::text = (select acting_person()) and is_active);
create policy admins_change on approval_steps for update to procura_app
  using ((select acting_role()) = 'admin') with check ((select acting_role()) = 'admin' and changed_by::text = (select acting_person()));
grant insert (id, position, step_name, department, min_value_usd, changed_at, changed_by),
  update (position, step_name, department, min_value_usd, is_active, changed_at, changed_by) on approval_steps to procura_app;

create policy whoever_acts_reads on approval_delegations for select to procura_app using ((select acting_role()) <> '');
create policy officers_delegate on approval_delegations for insert to procura_app
  with check ((select acting_role()) = 'contract_officer' and from_id::text = (select acting_person()) and revoked_at is null);
create policy own_is_revoked on approval_delegations for update to procura_app
  using (from_id::text = (select acting_person()) and revoked_at is null) with check (from_id::text = (select acting_person()));
grant insert (id, from_id, to_id, department, starts_on, ends_on, set_at), update (revoked_at) on approval_delegations to procura_app;

create policy seen_with_the_offer on approval_workflows for select to procura_app
  using ((select acting_role()) <> '' and submission_id in (select s.id from submissions s));

-- Offers that wait, or waited, for a department: its officers see what they are to sign.
create function offers_to_sign() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select w.submission_id from public.approval_workflows w
  where w.department = public.acting_department() and w.voided_at is null and public.acting_role() = 'contract_officer' $$;
create policy signers_see on submissions for select to procura_app
  using ((select acting_role()) = 'contract_officer' and id in (select offers_to_sign()));

-- ------------------------------------------------------------------------------------------------ rules about the rule
create function steps_keep_two_departments() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare missing text;
begin
  perform pg_advisory_xact_lock(820); -- two admins, each taking away one of the last two
  select d into missing from unnest(array['legal', 'finance']) d where not exists (
    select from public.approval_steps s where s.department = d and s.is_active and s.min_value_usd is null) limit 1;
  if missing is not null then
    raise exception 'a step of % for every offer always stays', missing using errcode = 'PR436';
  end if;
  return null;
end $$;
create trigger steps_keep_two_departments after insert or update or delete or truncate on approval_steps
  for each statement execute function steps_keep_two_departments();

create function delegation_is_fit() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare days daterange := daterange(new.starts_on, new.ends_on, '[]');
begin
  perform pg_advisory_xact_lock(821); -- two at once that would make a chain
  if (select count(*) from public.profiles p where p.id in (new.from_id, new.to_id) and p.role = 'contract_officer' and not p.is_disabled
      and p.department = new.department) <> 2 then
    raise exception 'only another officer of the same department stands in' using errcode = 'PR437';
  end if;
  if new.ends_on < (now() at time zone 'UTC')::date then
    raise exception 'these days have passed' using errcode = 'PR437';
  end if;
  if exists (select from public.approval_delegations d where d.revoked_at is null and daterange(d.starts_on, d.ends_on, '[]') && days
      and (d.from_id in (new.from_id, new.to_id) or d.to_id = new.from_id)) then
    raise exception 'one of the two is away or stands in already in these days' using errcode = 'PR437';
  end if;
  return new;
end $$;
create trigger delegation_is_fit before insert on approval_delegations for each row execute function delegation_is_fit();
create function delegation_is_revoked_once() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  new.revoked_at := now();
  return new;
end $$;
create trigger delegation_is_revoked_once before update on approval_delegations for each row execute function delegation_is_revoked_once();

-- ------------------------------------------------------------------------------------------------ what never changes
-- A signature is given once, and what it was given for stays; it can only stop to count.
create function signature_stays() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.id, new.submission_id, new.step_name, new.manifest_id, new.manifest_hash, new.position, new.department, new.created_at)
      is distinct from (old.id, old.submission_id, old.step_name, old.manifest_id, old.manifest_hash, old.position, old.department, old.created_at)
    or old.status <> 'pending' and (new.approver_id, new.status, new.decided_at, new.reason, new.on_behalf_of, new.session_hash)
      is distinct from (old.approver_id, old.status, old.decided_at, old.reason, old.on_behalf_of, old.session_hash)
    or old.voided_at is not null and new is distinct from old then
    raise exception 'a signature stays as it was given' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger signature_stays before update on approval_workflows for each row execute function signature_stays();
alter table approval_workflows enable always trigger signature_stays;
create function manifest_stays() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.id, new.submission_id, new.number, new.body, new.manifest_hash, new.made_by, new.made_at)
      is distinct from (old.id, old.submission_id, old.number, old.body, old.manifest_hash, old.made_by, old.made_at)
    or old.voided_at is not null and (new.voided_at, new.void_reason) is distinct from (old.voided_at, old.void_reason)
    or old.frozen_at is not null and new.frozen_at is distinct from old.frozen_at
    or old.voided_at is not null and new.frozen_at is distinct from old.frozen_at then
    raise exception 'what was sent to approval stays as it was' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger manifest_stays before update on package_manifests for each row execute function manifest_stays();
alter table package_manifests enable always trigger manifest_stays;

-- No signature without its record in the audit log, in the same transaction: asked as it commits.
create function signature_is_recorded() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.audit_logs a where a.submission_ref = new.submission_id::text
      and a.xmin::text = (pg_current_xact_id()::xid)::text) then
    raise exception 'no signature without its record in the audit log' using errcode = 'insufficient_privilege';
  end if;
  return null;
end $$;
create constraint trigger signature_is_recorded after update of status on approval_workflows deferrable initially deferred
  for each row when (old.status <> new.status) execute function signature_is_recorded();

-- ------------------------------------------------------------------------------------------------ how an offer moves
-- Every move there is; compared with warehouse/domain/submission.py by a test.
create function may_move(before submission_status, after submission_status) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select (before::text, after::text) in (
    ('draft', 'pending_approval'),
    ('pending_approval', 'approved'),
    ('pending_approval', 'rejected'),
    ('rejected', 'draft'),
    ('approved', 'draft'),
    ('approved', 'submitted')) $$;

-- Why somebody may not sign an offer, whatever the step: null when nothing of the kind.
create function too_close_to_sign(offer uuid, person uuid) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select case
    when exists (select from public.submissions s where s.id = offer and s.owner_id = person) then 'owns this offer'
    when exists (select from public.submission_members m where m.submission_id = offer and m.profile_id = person) then 'shares this offer'
    when exists (select from public.submission_authors a where a.submission_id = offer and a.profile_id = person) then 'worked on this offer'
  end $$;

-- Why a package is not approved: null when all its steps are signed, by different people of whom none worked on it.
create function approval_fault(offer uuid, manifest uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare found record; hash text;
begin
  select m.manifest_hash into hash from public.package_manifests m
    where m.id = manifest and m.submission_id = offer and m.voided_at is null and m.frozen_at is not null;
  if hash is null then
    return 'its package is not frozen';
  end if;
  select count(*) as steps, count(distinct w.approver_id) as people, bool_and(w.submission_id = offer and w.manifest_hash = hash) as is_same,
    bool_and(w.status in ('legal_approved', 'finance_approved', 'complete')) as is_signed,
    bool_or(w.department = 'legal') and bool_or(w.department = 'finance') as has_both,
    bool_or(public.too_close_to_sign(offer, w.approver_id) is not null) as is_own
    into found from public.approval_workflows w where w.manifest_id = manifest and w.voided_at is null;
  return case
    when found.steps < 2 or not found.has_both then 'legal and finance have not signed'
    when not found.is_signed then 'a signature is missing'
    when not found.is_same then 'its signatures are for another package'
    when found.people <> found.steps then 'somebody signed twice'
    when found.is_own then 'somebody who signed works on it'
  end;
end $$;

-- Holds for everybody, the functions below and the owner of the tables too.
create function offer_moves() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare fault text;
begin
  if new.status <> old.status then
    if not public.may_move(old.status, new.status) then
      raise exception 'no offer that is % becomes %', old.status, new.status using errcode = 'PR409';
    end if;
    if new.status = 'approved' then
      fault := public.approval_fault(new.id, new.manifest_id);
      if fault is not null then
        raise exception 'the offer is not approved: %', fault using errcode = 'PR409';
      end if;
    end if;
    new.state_changed_at := now();
  elsif new.status in ('approved', 'submitted') and (new.manifest_id, new.approval_status) is distinct from (old.manifest_id, old.approval_status) then
    raise exception 'what was approved stays as it was' using errcode = 'PR409';
  end if;
  return new;
end $$;
create trigger offer_moves before update on submissions for each row execute function offer_moves();
alter table submissions enable always trigger offer_moves;

-- Who signed keeps away from the offer as long as the signature counts.
create function signer_keeps_away() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  offer uuid := case when tg_table_name = 'submissions' then (to_jsonb(new) ->> 'id')::uuid else (to_jsonb(new) ->> 'submission_id')::uuid end;
  person uuid := case when tg_table_name = 'submissions' then (to_jsonb(new) ->> 'owner_id')::uuid else (to_jsonb(new) ->> 'profile_id')::uuid end;
begin
  if tg_table_name <> 'submissions' then
    perform from public.submissions s where s.id = offer for share; -- a signature that is being given is waited for
  end if;
  if exists (select from public.approval_workflows w where w.submission_id = offer and w.approver_id = person and w.voided_at is null) then
    raise exception 'who signed an offer neither owns nor shares it' using errcode = 'PR409';
  end if;
  return new;
end $$;
create trigger signer_keeps_away before update of owner_id on submissions for each row execute function signer_keeps_away();
create trigger signer_keeps_away before insert on submission_members for each row execute function signer_keeps_away();

-- Why what is in a package is not what the offer holds: null when every file, name, order and figure agrees.
create function package_fault(offer uuid, manifest uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare body jsonb; fault text;
begin
  select convert_from(m.body, 'UTF8')::jsonb into body from public.package_manifests m where m.id = manifest and m.submission_id = offer;
  if body is null or jsonb_typeof(body -> 'files') is distinct from 'array' then
    return 'it is not a package of this offer';
  end if;
  if jsonb_array_length(body -> 'files') = 0 then
    return 'it holds no file';
  end if;
  if not exists (select from public.submissions s join public.opportunities o on o.id = s.opportunity_id where s.id = offer
      and body ->> 'submission_id' = s.id::text and body ->> 'opportunity_id' = s.opportunity_id
      and (body ->> 'value_usd')::numeric is not distinct from s.value_usd and body ->> 'executor' = s.executor
      and (body ->> 'deadline')::timestamptz is not distinct from o.due_date) then
    return 'its value, way of delivery, opportunity or deadline changed';
  end if;
  select f.file ->> 'name' into fault from jsonb_array_elements(body -> 'files') f (file)
    where not exists (select from public.submission_files r where r.id::text = f.file ->> 'file_id' and r.submission_id = offer
      and r.document_id::text = f.file ->> 'document_id' and r.version::text = f.file ->> 'version' and r.sha256 = f.file ->> 'sha256'
      and r.size_bytes::text = f.file ->> 'size' and r.kind = 'offer' and r.removed_at is null
      and (r.scan_status = 'clean' or r.scan_status = 'not_scanned' and r.override_by is not null)
      and not exists (select from public.submission_files l where l.document_id = r.document_id and l.version > r.version)) limit 1;
  if fault is not null then
    return format('the file %s is not as it was, or was not found clean', fault);
  end if;
  if (select jsonb_agg(jsonb_build_array(i.document_id, i.package_name, i.volume) order by i.position) from public.package_items i
      where i.submission_id = offer)
    is distinct from (select jsonb_agg(jsonb_build_array(f.file ->> 'document_id', f.file ->> 'name', f.file ->> 'volume')
      order by (f.file ->> 'position')::integer) from jsonb_array_elements(body -> 'files') f (file)) then
    return 'its list of files changed';
  end if;
  return null;
end $$;

-- The acting person's profile, held so that disabling it or another role waits; no row for nobody, the product, the disabled.
create function acting_profile() returns setof profiles
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query select p.* from public.profiles p where p.id::text = public.acting_person() and not p.is_disabled for share;
end $$;

-- Send a package to approval: draft -> pending_approval, with a row for each step that it must pass.
create function start_approval(submission uuid, manifest uuid, expected_version integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; offer public.submissions; sent public.package_manifests; fault text; lacking record;
begin
  select s.* into offer from public.submissions s where s.id = submission for update;
  select p.* into person from public.acting_profile() p;
  if offer.id is null or person.id is null or person.role <> 'contract_officer' or person.id <> offer.owner_id
      and not exists (select from public.submission_members m where m.submission_id = submission and m.profile_id = person.id) then
    raise exception 'an offer is sent to approval by an officer who works on it' using errcode = 'insufficient_privilege';
  end if;
  if offer.status <> 'draft' or offer.closed_at is not null then
    raise exception 'the offer is %', case when offer.closed_at is null then offer.status::text else 'closed' end using errcode = 'PR409';
  end if;
  if offer.version <> expected_version then
    raise exception 'the offer was changed meanwhile' using errcode = 'serialization_failure';
  end if;
  select m.* into sent from public.package_manifests m where m.id = manifest;
  if sent.id is null or sent.submission_id <> submission or sent.made_by <> person.id or sent.voided_at is not null
      or sent.number <> (select max(m.number) from public.package_manifests m where m.submission_id = submission) then
    raise exception 'it is not the newest package of this offer' using errcode = 'PR431';
  end if;
  fault := public.package_fault(submission, manifest);
  if fault is not null then
    raise exception '%', fault using errcode = 'PR431';
  end if;
  if exists (select from public.opportunities o where o.id = offer.opportunity_id and o.due_date <= clock_timestamp()) then
    raise exception 'the deadline has passed' using errcode = 'PR429';
  end if;
  -- Asked here only: a later layout of the same words gives the notice another hash.
  if convert_from(sent.body, 'UTF8')::jsonb ->> 'notice_hash' is distinct from offer.notice_hash
      or exists (select from public.notice_changes c where c.submission_id = submission and c.acknowledged_at is null) then
    raise exception 'a change of the notice is not acknowledged' using errcode = 'PR430';
  end if;
  insert into public.approval_workflows (submission_id, step_name, manifest_id, manifest_hash, position, department)
    select submission, s.step_name, manifest, sent.manifest_hash, s.position, s.department from public.approval_steps s
    where s.is_active and (s.min_value_usd is null or offer.value_usd is null or offer.value_usd >= s.min_value_usd);
  select w.department, count(*) as wanted, (select count(*) from public.profiles p where p.department = w.department
      and p.role = 'contract_officer' and not p.is_disabled and public.too_close_to_sign(submission, p.id) is null) as able
    into lacking from public.approval_workflows w where w.manifest_id = manifest group by w.department
    having count(*) > (select count(*) from public.profiles p where p.department = w.department
      and p.role = 'contract_officer' and not p.is_disabled and public.too_close_to_sign(submission, p.id) is null) order by 1 limit 1;
  if lacking.department is not null then
    raise exception '% signatures of % are needed, and % of its officers did not work on it', lacking.wanted, lacking.department, lacking.able
      using errcode = 'PR432';
  end if;
  update public.submissions s set status = 'pending_approval', approval_status = 'pending', manifest_id = manifest,
    sent_at = coalesce(s.sent_at, now()), version = s.version + 1 where s.id = submission;
end $$;

-- The signatures and the package stop to count, and the offer goes where it is told to go.
create function void_and_move(submission uuid, to_status submission_status, why text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.approval_workflows w set voided_at = now() where w.submission_id = submission and w.voided_at is null;
  update public.package_manifests m set voided_at = now(), void_reason = why from public.submissions s
    where s.id = submission and m.id = s.manifest_id and m.voided_at is null;
  update public.submissions s set status = to_status, version = s.version + 1,
    approval_status = case when to_status = 'draft' then 'pending' else 'rejected' end::public.approval_status,
    manifest_id = case when to_status = 'draft' then null else s.manifest_id end
    where s.id = submission;
end $$;

-- Sign the first open step of a package, or reject the package. Everything that makes a signature one is asked here, under locks.
create function sign_step(submission uuid, wanted_hash text, session bytea, approves boolean, reason text) returns approval_status
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; offer public.submissions; sent public.package_manifests; step public.approval_workflows; proven timestamptz;
  too_close text; fault text; told text := nullif(btrim(reason), ''); reached public.approval_status; stands_for uuid;
begin
  select s.* into offer from public.submissions s where s.id = submission for update;
  if offer.id is null or offer.status <> 'pending_approval' then
    raise exception 'the offer is %', coalesce(offer.status::text, 'gone') using errcode = 'PR421';
  end if;
  select m.* into sent from public.package_manifests m where m.id = offer.manifest_id;
  if wanted_hash is distinct from sent.manifest_hash then
    raise exception 'it is another package than the one that was looked at' using errcode = 'PR422';
  end if;
  if sent.voided_at is not null then
    raise exception 'this package no longer counts' using errcode = 'PR423';
  end if;
  select w.* into step from public.approval_workflows w where w.manifest_id = sent.id and w.status = 'pending' and w.voided_at is null
    order by w.position limit 1 for update;
  if step.id is null then
    raise exception 'all its steps are signed' using errcode = 'PR424';
  end if;
  select p.* into person from public.acting_profile() p;
  if person.id is null or person.role <> 'contract_officer' then
    raise exception 'only a contract officer signs' using errcode = 'PR425';
  end if;
  if person.department <> step.department then
    raise exception 'this step is for %', step.department using errcode = 'PR425', detail = step.department;
  end if;
  too_close := public.too_close_to_sign(submission, person.id);
  if too_close is not null then
    raise exception 'nobody signs who %', too_close using errcode = 'PR426', detail = too_close;
  end if;
  if exists (select from public.approval_workflows w where w.manifest_id = sent.id and w.approver_id = person.id) then
    raise exception 'this person signed another step of it' using errcode = 'PR427';
  end if;
  select a.authenticated_at into proven from public.auth_sessions a where a.id_hash = session and a.profile_id = person.id
    and a.revoked_at is null and a.expires_at > now() and a.idle_ends_at > now() for share;
  if proven is null then
    raise exception 'it is signed in a session of one''s own' using errcode = 'PR401';
  end if;
  if proven <= clock_timestamp() - interval '10 minutes' or proven > clock_timestamp() + interval '1 minute' then
    raise exception 'the password was proven too long ago' using errcode = 'PR428';
  end if;
  if approves is null or not approves and told is null then
    raise exception 'a rejection says why' using errcode = 'PR433';
  end if;
  if approves then
    if exists (select from public.opportunities o where o.id = offer.opportunity_id and o.due_date <= clock_timestamp()) then
      raise exception 'the deadline has passed' using errcode = 'PR429';
    end if;
    if exists (select from public.notice_changes c where c.submission_id = submission and c.acknowledged_at is null and cardinality(c.relied_on) > 0) then
      raise exception 'a change of the notice is not acknowledged' using errcode = 'PR430';
    end if;
    fault := public.package_fault(submission, sent.id);
    if fault is not null then
      raise exception '%', fault using errcode = 'PR431';
    end if;
  end if;
  -- In whose place: only of somebody who could sign it too.
  select d.from_id into stands_for from public.approval_delegations d join public.profiles p on p.id = d.from_id
    where d.to_id = person.id and d.revoked_at is null and (now() at time zone 'UTC')::date between d.starts_on and d.ends_on
      and p.role = 'contract_officer' and p.department = step.department and not p.is_disabled
      and public.too_close_to_sign(submission, p.id) is null
      and not exists (select from public.approval_workflows w where w.manifest_id = sent.id and w.approver_id = p.id)
    order by d.set_at limit 1;
  reached := case when not approves then 'rejected' when step.department = 'legal' then 'legal_approved'
    when step.department = 'finance' then 'finance_approved' else 'complete' end;
  update public.approval_workflows w set status = reached, approver_id = person.id, decided_at = clock_timestamp(), reason = told,
    on_behalf_of = stands_for, session_hash = encode(sha256(session), 'hex') where w.id = step.id;
  if not approves then
    perform public.void_and_move(submission, 'rejected', 'rejected by ' || step.department || ': ' || told);
    return 'rejected';
  end if;
  reached := case
    when not exists (select from public.approval_workflows w where w.manifest_id = sent.id and w.status = 'pending') then 'finance_approved'
    when not exists (select from public.approval_workflows w where w.manifest_id = sent.id and w.status = 'pending' and w.department = 'legal')
      then 'legal_approved' else 'pending' end;
  update public.submissions s set approval_status = reached, version = s.version + 1 where s.id = submission;
  return reached;
end $$;

-- All have signed and the bytes were read again: the package is frozen. By the product itself.
create function freeze_package(submission uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare offer public.submissions; fault text;
begin
  if public.acting_role() <> 'system' then
    raise exception 'a package is frozen by the product itself' using errcode = 'insufficient_privilege';
  end if;
  select s.* into offer from public.submissions s where s.id = submission for update;
  if offer.id is null or offer.status <> 'pending_approval' or offer.approval_status <> 'finance_approved' then
    raise exception 'not all have signed this offer' using errcode = 'PR421';
  end if;
  fault := public.package_fault(submission, offer.manifest_id);
  if fault is not null then
    raise exception '%', fault using errcode = 'PR431';
  end if;
  update public.package_manifests m set frozen_at = now() where m.id = offer.manifest_id;
  update public.submissions s set status = 'approved', approval_status = 'complete', version = s.version + 1 where s.id = submission;
end $$;

-- Its owner takes an offer back: withdrawn while it is being signed, taken up again once rejected, opened to change once approved.
create function take_back(submission uuid, reason text) returns submission_status
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; offer public.submissions; told text := nullif(btrim(reason), ''); reached public.submission_status;
begin
  select s.* into offer from public.submissions s where s.id = submission for update;
  select p.* into person from public.acting_profile() p;
  if offer.id is null or person.id is null or person.id <> offer.owner_id or person.role <> 'contract_officer' then
    raise exception 'an offer is taken back by its owner' using errcode = 'insufficient_privilege';
  end if;
  if offer.closed_at is not null or offer.status not in ('pending_approval', 'rejected', 'approved') then
    raise exception 'the offer is %', case when offer.closed_at is null then offer.status::text else 'closed' end using errcode = 'PR409';
  end if;
  if told is null and offer.status <> 'rejected' then
    raise exception 'taking back says why' using errcode = 'PR433';
  end if;
  reached := case when offer.status = 'pending_approval' then 'rejected' else 'draft' end;
  perform public.void_and_move(submission, reached, 'taken back: ' || coalesce(told, 'taken up again'));
  return reached;
end $$;

-- What was approved or is being signed no longer holds; called by other functions of the owner. Says where the offer went, null: nowhere.
create function void_package(submission uuid, reason text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare now_status text; reached public.submission_status;
begin
  select s.status into now_status from public.submissions s where s.id = submission for update;
  reached := case now_status when 'approved' then 'draft' when 'pending_approval' then 'rejected' end;
  if reached is not null then
    perform public.void_and_move(submission, reached, coalesce(nullif(btrim(reason), ''), 'no longer holds'));
  end if;
  return reached;
end $$;
-- The same for what the product itself finds when it reads the files again.
create function void_changed_package(submission uuid, wanted_hash text, reason text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'the files are read again by the product itself' using errcode = 'insufficient_privilege';
  end if;
  perform from public.submissions s where s.id = submission for update;
  if not exists (select from public.submissions s join public.package_manifests m on m.id = s.manifest_id
      where s.id = submission and m.manifest_hash = wanted_hash) then
    return null; -- another package stands by now
  end if;
  return public.void_package(submission, reason);
end $$;

do $$
declare f text;
begin
  foreach f in array array['offers_to_sign()', 'steps_keep_two_departments()', 'delegation_is_fit()', 'signature_is_recorded()', 'offer_moves()',
      'signer_keeps_away()', 'too_close_to_sign(uuid, uuid)', 'approval_fault(uuid, uuid)', 'package_fault(uuid, uuid)', 'acting_profile()',
      'start_approval(uuid, uuid, integer)', 'void_and_move(uuid, submission_status, text)', 'sign_step(uuid, text, bytea, boolean, text)',
      'freeze_package(uuid)', 'take_back(uuid, text)', 'void_package(uuid, text)', 'void_changed_package(uuid, text, text)'] loop
    execute format('revoke all on function %s from public', f);
  end loop;
  foreach f in array array['offers_to_sign()', 'start_approval(uuid, uuid, integer)', 'sign_step(uuid, text, bytea, boolean, text)',
      'freeze_package(uuid)', 'take_back(uuid, text)', 'void_changed_package(uuid, text, text)'] loop
    execute format('grant execute on function %s to procura_app', f);
  end loop;
end $$;
