-- Deliveries: an approved package goes out once, and only a receipt makes an offer submitted.
-- A worker holds a run by a lease with a fencing number; whoever comes late holds nothing (PR450).
-- What the functions refuse has a code (PR44x, PR45x) that pipelines/submission/delivery_refusals.py puts into sentences.

-- ------------------------------------------------------------------------------------------------ portals
-- One row per version of a portal profile, a TOML text as it was uploaded; a version is never changed.
create table portal_profiles (
  id uuid primary key default gen_random_uuid(),
  name text not null check (name ~ '^[a-z0-9][a-z0-9-]{1,59}$'),
  version integer not null check (version > 0),
  executor text not null check (btrim(executor) <> ''), -- the way it is delivered by
  body text not null check (length(body) <= 200000),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  hosts text[] not null default '{}',        -- the only hosts that credentials are for
  uploaded_by uuid not null references profiles,
  uploaded_at timestamptz not null default now(),
  activated_by uuid references profiles,     -- who said that deliveries may use it
  activated_at timestamptz,
  retired_at timestamptz,
  measured_seconds numeric(10, 3) check (measured_seconds >= 0), -- the slowest rehearsal or delivery so far
  unique (name, version),
  check ((activated_at is null) = (activated_by is null)),
  check (retired_at is null or activated_at is not null)
);
create unique index one_active_profile_of_a_name on portal_profiles (name) where activated_at is not null and retired_at is null;
-- One row per time somebody ran a profile up to the last button.
create table portal_rehearsals (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid not null references portal_profiles on delete cascade,
  by_id uuid not null references profiles,
  at timestamptz not null default now(),
  reached_end boolean not null,
  seconds numeric(10, 3) not null check (seconds >= 0),
  words text not null check (length(words) <= 2000),
  evidence jsonb not null default '[]'       -- [{"name", "sha256", "storage_path", "size"}]
);
create index on portal_rehearsals (profile_id, at desc);

-- ------------------------------------------------------------------------------------------------ a run
-- A row is one delivery, or a dry run of one; what the run did is in delivery_steps, what it saw in delivery_evidence.
alter table submission_runs
  add column number integer not null check (number > 0),  -- counts the runs of one offer
  add column manifest_id uuid not null references package_manifests on delete cascade,
  add column manifest_hash text not null,
  add column executor text not null,
  add column portal_profile_id uuid references portal_profiles,
  add column is_dry_run boolean not null default false,
  add column reference text not null check (reference ~ '^[A-Z0-9-]{6,40}$'), -- our own, that goes with the offer and is looked up later
  add column started_by text not null,                    -- a profile's id, or system
  add column outcome text not null default 'none' check (outcome in ('none', 'accepted', 'refused', 'unknown')),
  add column phase text not null default 'waiting' check (phase in
    ('waiting', 'checking', 'staging', 'acting', 'reading', 'reconciling', 'with_a_person', 'ended')),
  add column attempt integer not null default 0,          -- how often acting was begun
  add column fence bigint not null default 0,             -- grows with each worker that takes the run
  add column worker text not null default '',
  add column lease_until timestamptz,
  add column look_at timestamptz not null default now(),  -- nothing is to be done before
  add column intended_at timestamptz,                     -- the intent is committed and signed in a checkpoint
  add column acted_at timestamptz,                        -- the last act was begun: from here on it may have arrived
  add column transported_at timestamptz,                  -- a server took it; that is no receipt
  add column absences integer not null default 0,         -- how often in a row it was looked for and not there
  add column needs_person text not null default '' check (length(needs_person) <= 2000), -- why it waits for a person; '' when it does not
  add column message text not null default '' check (length(message) <= 4000),           -- what the other side said, or why it ended
  add column ended_at timestamptz,
  add unique (submission_id, number),
  add check ((status in ('success', 'failed')) = (ended_at is not null)),
  add check (outcome <> 'unknown' or status = 'running'),
  add check (status <> 'success' or outcome = 'accepted' or is_dry_run),
  add check (outcome <> 'accepted' or status = 'success' and receipt_id is not null),
  add check (not is_dry_run or acted_at is null and receipt_id is null);
create unique index one_open_delivery on submission_runs (submission_id) where status in ('pending', 'running');
create unique index one_accepted_delivery on submission_runs (manifest_id) where outcome = 'accepted';
create index due_deliveries on submission_runs (look_at) where status in ('pending', 'running') and needs_person = '';
create index deliveries_with_a_person on submission_runs (submission_id) where status = 'running' and needs_person <> '';

-- Progress, as the pages show it while it happens.
create table delivery_steps (
  run_id uuid not null references submission_runs on delete cascade,
  position integer not null,
  at timestamptz not null default clock_timestamp(),
  words text not null check (btrim(words) <> '' and length(words) <= 1000),
  is_fault boolean not null default false,
  primary key (run_id, position)
);
-- What a run saw: pictures, pages, mails, traces, documents. The bytes lie in the object store under their SHA-256.
create table delivery_evidence (
  id uuid primary key default gen_random_uuid(),
  run_id uuid not null references submission_runs on delete cascade,
  position integer not null,
  kind text not null check (kind in ('screenshot', 'trace', 'page', 'mail', 'answer', 'document', 'receipt')),
  name text not null check (btrim(name) <> '' and length(name) <= 200),
  media_type text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null check (size_bytes > 0),
  storage_path text not null,
  at timestamptz not null default clock_timestamp(),
  unique (run_id, position)
);
create index on delivery_evidence (storage_path);

-- The office's receipt: read by an executor, or brought by one person and confirmed by another.
create table receipts (
  id uuid primary key default gen_random_uuid(),
  submission_id uuid not null references submissions on delete cascade,
  run_id uuid not null references submission_runs on delete cascade,
  manifest_id uuid not null references package_manifests on delete cascade,
  manifest_hash text not null,               -- what was signed, and went out
  receipt_number text not null check (btrim(receipt_number) <> '' and length(receipt_number) <= 200),
  source text not null check (source in ('portal', 'email', 'person')),
  received_at timestamptz,                   -- as the office says; null: it does not say
  read_at timestamptz not null,
  quote text not null check (btrim(quote) <> '' and length(quote) <= 2000), -- the words in which the number stands
  evidence_id uuid not null references delivery_evidence,
  captured_by uuid references profiles,
  confirmed_by uuid references profiles,
  confirmed_at timestamptz,
  discarded_by uuid references profiles,
  discarded_at timestamptz,
  discard_reason text check (btrim(discard_reason) <> '' and length(discard_reason) <= 2000),
  check ((source = 'person') = (captured_by is not null)),
  check (confirmed_by <> captured_by),
  check ((confirmed_by is null) = (confirmed_at is null)),
  check (source = 'person' or confirmed_by is null and discarded_by is null),
  check ((discarded_by is null) = (discarded_at is null) and (discarded_by is null) = (discard_reason is null)),
  check (confirmed_by is null or discarded_by is null)
);
create unique index one_receipt_of_a_package on receipts (manifest_id) where discarded_at is null;
create index on receipts (submission_id);
create index on receipts (run_id);

-- ------------------------------------------------------------------------------------------------ requests for runs
-- A request may be about one thing, and the product itself may make it.
alter table run_requests
  add column subject text not null default '',
  alter column requested_by drop not null,
  add check (requested_by is not null or job = 'delivery');
drop index one_open_request;
create unique index one_open_request on run_requests (job, subject) where state in ('pending', 'running');
grant insert (subject), update (state, run_id, detail) on run_requests to procura_app;
create policy product_settles on run_requests for update to procura_app
  using ((select acting_role()) = 'system' and job = 'delivery') with check ((select acting_role()) = 'system' and job = 'delivery');
create policy product_requests on run_requests for insert to procura_app
  with check ((select acting_role()) = 'system' and requested_by is null and job = 'delivery' and state = 'pending' and run_id is null);

-- ------------------------------------------------------------------------------------------------ who sees and who changes
do $$
declare t text;
begin
  foreach t in array array['portal_profiles', 'portal_rehearsals', 'submission_runs', 'delivery_steps', 'delivery_evidence', 'receipts'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_works on %I for all to procura_owner using (true) with check (true)', t);
    execute format('grant select on %I to procura_app', t);
  end loop;
end $$;
create policy whoever_acts_reads on portal_profiles for select to procura_app using ((select acting_role()) <> '');
create policy admins_upload on portal_profiles for insert to procura_app
  with check ((select acting_role()) = 'admin' and uploaded_by::text = (select acting_person()) and activated_at is null and retired_at is null
    and measured_seconds is null);
create policy admins_activate on portal_profiles for update to procura_app
  using ((select acting_role()) in ('admin', 'system')) with check ((select acting_role()) = 'system' or activated_by::text = (select acting_person())
    or retired_at is not null or activated_at is null);
grant insert (id, name, version, executor, body, sha256, hosts, uploaded_by, uploaded_at),
  update (activated_by, activated_at, retired_at, measured_seconds) on portal_profiles to procura_app;
create policy whoever_acts_reads on portal_rehearsals for select to procura_app using ((select acting_role()) <> '');
create policy admins_rehearse on portal_rehearsals for insert to procura_app
  with check ((select acting_role()) = 'admin' and by_id::text = (select acting_person()));
grant insert (id, profile_id, by_id, at, reached_end, seconds, words, evidence) on portal_rehearsals to procura_app;

create policy seen_with_the_offer on submission_runs for select to procura_app
  using ((select acting_role()) <> '' and submission_id in (select s.id from submissions s));
create policy product_works on submission_runs for update to procura_app
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
grant update (status, outcome, phase, lease_until, look_at, intended_at, transported_at, absences, needs_person, message,
  ended_at, screenshots) on submission_runs to procura_app;
do $$
declare t text;
begin
  foreach t in array array['delivery_steps', 'delivery_evidence'] loop
    execute format($p$create policy seen_with_the_offer on %I for select to procura_app
      using ((select acting_role()) <> '' and run_id in (select r.id from submission_runs r))$p$, t);
    execute format($p$create policy product_writes on %I for insert to procura_app with check ((select acting_role()) = 'system')$p$, t);
    execute format('grant insert on %I to procura_app', t);
  end loop;
end $$;
create policy seen_with_the_offer on receipts for select to procura_app
  using ((select acting_role()) <> '' and submission_id in (select s.id from submissions s));
-- A person's receipt and its document come by functions below; the product writes what it read itself.
create policy product_reads_them on receipts for insert to procura_app
  with check ((select acting_role()) = 'system' and source <> 'person');
grant insert (id, submission_id, run_id, manifest_id, manifest_hash, receipt_number, source, received_at, read_at, quote, evidence_id) on receipts to procura_app;

-- ------------------------------------------------------------------------------------------------ what never changes
create function delivery_stays() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.id, new.submission_id, new.number, new.manifest_id, new.manifest_hash, new.executor, new.portal_profile_id, new.is_dry_run, new.reference,
      new.started_by, new.created_at)
      is distinct from (old.id, old.submission_id, old.number, old.manifest_id, old.manifest_hash, old.executor, old.portal_profile_id, old.is_dry_run,
      old.reference, old.started_by, old.created_at)
    or old.ended_at is not null and new is distinct from old
    or new.fence < old.fence or new.attempt < old.attempt
    or old.intended_at is not null and new.intended_at is null
    or new.acted_at is not null and new.intended_at is null then
    raise exception 'what a delivery did stays as it was' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger delivery_stays before update on submission_runs for each row execute function delivery_stays();
alter table submission_runs enable always trigger delivery_stays;
create function receipt_stays() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (to_jsonb(new) - array['confirmed_by', 'confirmed_at', 'discarded_by', 'discarded_at', 'discard_reason'])
      is distinct from (to_jsonb(old) - array['confirmed_by', 'confirmed_at', 'discarded_by', 'discarded_at', 'discard_reason'])
    or (old.confirmed_at is not null or old.discarded_at is not null) and new is distinct from old then
    raise exception 'a receipt stays as it was read' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger receipt_stays before update on receipts for each row execute function receipt_stays();
alter table receipts enable always trigger receipt_stays;
create function profile_stays() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if (new.id, new.name, new.version, new.executor, new.body, new.sha256, new.hosts, new.uploaded_by, new.uploaded_at)
      is distinct from (old.id, old.name, old.version, old.executor, old.body, old.sha256, old.hosts, old.uploaded_by, old.uploaded_at)
    or old.activated_at is not null and (new.activated_at, new.activated_by) is distinct from (old.activated_at, old.activated_by)
    or old.retired_at is not null and new.retired_at is distinct from old.retired_at then
    raise exception 'a version of a profile stays as it was uploaded' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger profile_stays before update on portal_profiles for each row execute function profile_stays();

-- A receipt that counts: read by ourselves, or brought by one person and confirmed by another.
create function receipt_of(offer uuid, manifest uuid) returns setof receipts
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.* from public.receipts r where r.submission_id = offer and r.manifest_id = manifest and r.discarded_at is null
    and (r.source <> 'person' or r.confirmed_at is not null) $$;
-- No offer is submitted without one, whoever moves it.
create function submitted_has_its_receipt() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.receipt_of(new.id, new.manifest_id)) then
    raise exception 'no offer is submitted without a receipt' using errcode = 'PR409';
  end if;
  return new;
end $$;
create trigger submitted_has_its_receipt before update on submissions
  for each row when (new.status = 'submitted' and old.status <> 'submitted') execute function submitted_has_its_receipt();
alter table submissions enable always trigger submitted_has_its_receipt;
-- While a delivery may have arrived, the package it carries stays approved: it ends first. An amendment leaves it so too.
create function delivery_holds_offer() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if exists (select from public.submission_runs r where r.submission_id = new.id and r.status in ('pending', 'running') and r.acted_at is not null) then
    raise exception 'a delivery of this offer is open' using errcode = 'PR445';
  end if;
  return new;
end $$;
create trigger delivery_holds_offer before update on submissions
  for each row when (old.status = 'approved' and new.status = 'draft') execute function delivery_holds_offer();
alter table submissions enable always trigger delivery_holds_offer;
create or replace function void_package(submission uuid, reason text) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare now_status text; reached public.submission_status;
begin
  select s.status into now_status from public.submissions s where s.id = submission for update;
  reached := case now_status when 'approved' then 'draft' when 'pending_approval' then 'rejected' end;
  if reached = 'draft' and exists (select from public.submission_runs r where r.submission_id = submission and r.status in ('pending', 'running')
      and r.acted_at is not null) then
    return null;
  end if;
  if reached is not null then
    perform public.void_and_move(submission, reached, coalesce(nullif(btrim(reason), ''), 'no longer holds'));
  end if;
  return reached;
end $$;

-- ------------------------------------------------------------------------------------------------ functions
-- Why a package may not go out: null when it may. Asked before the intent, and again right before the last act.
create function delivery_fault(offer uuid, manifest uuid) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare found public.submissions; due timestamptz; fault text;
begin
  select s.* into found from public.submissions s where s.id = offer;
  if found.id is null or found.closed_at is not null or found.status <> 'approved' then
    return format('the offer is %s', case when found.id is null then 'gone' when found.closed_at is not null then 'closed' else found.status::text end);
  end if;
  if found.manifest_id is distinct from manifest then
    return 'another package was approved since';
  end if;
  fault := coalesce(public.approval_fault(offer, manifest), public.package_fault(offer, manifest));
  if fault is not null then
    return fault;
  end if;
  select o.due_date into due from public.opportunities o where o.id = found.opportunity_id;
  if due <= clock_timestamp() then
    return format('the deadline passed %s ago', justify_interval(date_trunc('second', clock_timestamp() - due)));
  end if;
  if exists (select from public.notice_changes c where c.submission_id = offer and c.acknowledged_at is null and cardinality(c.relied_on) > 0) then
    return 'a change of the notice is not acknowledged';
  end if;
  return null;
end $$;

-- Open a delivery, or a dry run: by an officer who works on the offer, or by the product itself where autonomy allows (asked before).
create function open_delivery(offer uuid, wanted_hash text, dry_run boolean, profile uuid, own_reference text) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; found public.submissions; sent public.package_manifests; fault text; made uuid;
begin
  select s.* into found from public.submissions s where s.id = offer for update;
  if public.acting_role() <> 'system' then
    select p.* into person from public.acting_profile() p;
    if found.id is null or person.id is null or person.role <> 'contract_officer' or person.id <> found.owner_id
        and not exists (select from public.submission_members m where m.submission_id = offer and m.profile_id = person.id) then
      raise exception 'an offer is delivered by an officer who works on it' using errcode = 'insufficient_privilege';
    end if;
  end if;
  select m.* into sent from public.package_manifests m where m.id = found.manifest_id;
  if sent.id is not null and wanted_hash is distinct from sent.manifest_hash then
    raise exception 'it is another package than the one that was looked at' using errcode = 'PR422';
  end if;
  fault := public.delivery_fault(offer, sent.id);
  if fault is not null then
    raise exception '%', fault using errcode = 'PR441';
  end if;
  if exists (select from public.submission_runs r where r.submission_id = offer and r.status in ('pending', 'running')) then
    raise exception 'a delivery of this offer is open' using errcode = 'PR442';
  end if;
  if profile is not null and not exists (select from public.portal_profiles p where p.id = profile and p.executor = found.executor
      and (dry_run or p.activated_at is not null and p.retired_at is null)) then
    raise exception 'this profile is not in use' using errcode = 'PR443';
  end if;
  insert into public.submission_runs (submission_id, number, manifest_id, manifest_hash, executor, portal_profile_id, is_dry_run, reference, started_by)
    select offer, 1 + coalesce(max(r.number), 0), sent.id, sent.manifest_hash, found.executor, profile, dry_run, own_reference, public.acting_person()
    from public.submission_runs r where r.submission_id = offer returning id into made;
  return made;
end $$;

-- Take one run for a worker: the named one, or the one that is due longest. Null where none is due.
create function take_delivery(wanted uuid, who text, seconds integer) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found uuid;
begin
  if public.acting_role() <> 'system' then
    raise exception 'deliveries are worked on by the product itself' using errcode = 'insufficient_privilege';
  end if;
  select r.id into found from public.submission_runs r
    where r.status in ('pending', 'running') and r.needs_person = '' and r.look_at <= clock_timestamp()
      and (r.lease_until is null or r.lease_until < clock_timestamp()) and (wanted is null or r.id = wanted)
    order by r.outcome <> 'unknown', r.look_at, r.created_at limit 1 for update skip locked; -- what is in doubt comes before what is new
  update public.submission_runs r set fence = r.fence + 1, worker = who, lease_until = clock_timestamp() + make_interval(secs => seconds), status = 'running'
    where r.id = found;
  return found;
end $$;

-- Hold a run through a deed of its worker: the row is locked, and whoever holds it no more is told so.
create function hold_delivery(run uuid, wanted_fence bigint, seconds integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'deliveries are worked on by the product itself' using errcode = 'insufficient_privilege';
  end if;
  perform from public.submission_runs r where r.id = run and r.fence = wanted_fence and r.ended_at is null and r.lease_until > clock_timestamp() for update;
  if not found then
    raise exception 'another worker holds this delivery, or the lease ran out' using errcode = 'PR450';
  end if;
  update public.submission_runs r set lease_until = greatest(r.lease_until, clock_timestamp() + make_interval(secs => seconds)) where r.id = run;
end $$;

-- The same with the offer's row locked before, in the order of everything that moves an offer: for deeds that end a run.
create function hold_offer(run uuid, wanted_fence bigint, seconds integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'deliveries are worked on by the product itself' using errcode = 'insufficient_privilege';
  end if;
  perform from public.submissions s where s.id = (select r.submission_id from public.submission_runs r where r.id = run) for update;
  perform public.hold_delivery(run, wanted_fence, seconds);
end $$;

-- The last act begins: everything that lets a package out is asked once more, and from here on it may have arrived.
create function begin_act(run uuid, wanted_fence bigint, seconds integer) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare carried public.submission_runs; fault text;
begin
  select r.* into carried from public.submission_runs r where r.id = run;
  perform from public.submissions s where s.id = carried.submission_id for update; -- before the run, as everything that moves an offer does
  perform public.hold_delivery(run, wanted_fence, seconds);
  if carried.intended_at is null or carried.is_dry_run then
    raise exception 'a delivery acts after its intent is signed' using errcode = 'PR449';
  end if;
  fault := public.delivery_fault(carried.submission_id, carried.manifest_id);
  if fault is null then
    update public.submission_runs r set acted_at = clock_timestamp(), attempt = r.attempt + 1, outcome = 'unknown', phase = 'acting', absences = 0
      where r.id = run;
  end if;
  return fault;
end $$;

-- The offer and its opportunity become submitted, and the run a success: by a receipt, and by nothing else.
create function submit_offer(run uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare carried public.submission_runs; proof public.receipts; offer public.submissions;
begin
  select s.* into offer from public.submissions s where s.id = (select r.submission_id from public.submission_runs r where r.id = run) for update;
  select r.* into carried from public.submission_runs r where r.id = run for update;
  select x.* into proof from public.receipt_of(carried.submission_id, carried.manifest_id) x where x.run_id = run;
  if proof.id is null or carried.is_dry_run or carried.ended_at is not null then
    raise exception 'no offer is submitted without a receipt' using errcode = 'PR409';
  end if;
  if offer.manifest_id is distinct from carried.manifest_id then
    raise exception 'another package was approved since' using errcode = 'PR441';
  end if;
  update public.submission_runs r set status = 'success', outcome = 'accepted', receipt_id = proof.receipt_number, phase = 'ended', needs_person = '',
    lease_until = null, ended_at = clock_timestamp() where r.id = run;
  update public.submissions s set status = 'submitted', version = s.version + 1 where s.id = carried.submission_id;
  update public.opportunities o set status = 'submitted', status_changed_at = now(),
    status_changed_by = case when public.acting_role() = 'system' then null else public.acting_person()::uuid end where o.id = offer.opportunity_id;
end $$;

-- A person brings a receipt for a delivery that waits for a person: its document, and the words in which the number stands.
create function capture_receipt(run uuid, stated_number text, stated_at timestamptz, words text, document jsonb) returns uuid
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; carried public.submission_runs; kept uuid; made uuid;
begin
  select r.* into carried from public.submission_runs r where r.id = run for update;
  select p.* into person from public.acting_profile() p;
  if carried.id is null or person.id is null or person.role <> 'contract_officer' or not exists (select from public.submissions s
      where s.id = carried.submission_id and (s.owner_id = person.id or exists (select from public.submission_members m
        where m.submission_id = s.id and m.profile_id = person.id))) then
    raise exception 'a receipt is brought by an officer who works on the offer' using errcode = 'insufficient_privilege';
  end if;
  if carried.ended_at is not null or carried.is_dry_run or carried.needs_person = '' or carried.intended_at is null then
    raise exception 'this delivery does not wait for a receipt' using errcode = 'PR444';
  end if;
  insert into public.delivery_evidence (run_id, position, kind, name, media_type, sha256, size_bytes, storage_path)
    select run, 1 + coalesce(max(e.position), 0), 'receipt', document ->> 'name', document ->> 'media_type', document ->> 'sha256',
      (document ->> 'size_bytes')::bigint, document ->> 'storage_path' from public.delivery_evidence e where e.run_id = run returning id into kept;
  insert into public.receipts (submission_id, run_id, manifest_id, manifest_hash, receipt_number, source, received_at, read_at, quote, evidence_id, captured_by)
    values (carried.submission_id, run, carried.manifest_id, carried.manifest_hash, stated_number, 'person', stated_at, clock_timestamp(), words, kept, person.id)
    returning id into made;
  return made;
end $$;

-- A second person says that the receipt is what it is said to be, or that it is not.
create function judge_receipt(receipt uuid, confirms boolean, reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; claimed public.receipts;
begin
  perform from public.submissions s where s.id = (select r.submission_id from public.receipts r where r.id = receipt) for update;
  select r.* into claimed from public.receipts r where r.id = receipt for update;
  select p.* into person from public.acting_profile() p;
  if claimed.id is null or person.id is null or person.role <> 'contract_officer' then
    raise exception 'a receipt is confirmed by an officer' using errcode = 'insufficient_privilege';
  end if;
  if claimed.source <> 'person' or claimed.confirmed_at is not null or claimed.discarded_at is not null then
    raise exception 'this receipt was judged already' using errcode = 'PR446';
  end if;
  if confirms and person.id = claimed.captured_by then
    raise exception 'nobody confirms the own receipt' using errcode = 'PR447';
  end if;
  if not confirms and nullif(btrim(reason), '') is null then
    raise exception 'putting a receipt aside says why' using errcode = 'PR433';
  end if;
  if confirms then
    update public.receipts r set confirmed_by = person.id, confirmed_at = clock_timestamp() where r.id = receipt;
    perform public.submit_offer(claimed.run_id);
  else
    update public.receipts r set discarded_by = person.id, discarded_at = clock_timestamp(), discard_reason = btrim(reason) where r.id = receipt;
  end if;
end $$;

-- A person decides what the machine could not: nothing arrived (it ends, and may be delivered again), or look once more.
create function decide_delivery(run uuid, decision text, reason text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare person public.profiles; carried public.submission_runs;
begin
  select r.* into carried from public.submission_runs r where r.id = run for update;
  select p.* into person from public.acting_profile() p;
  if carried.id is null or person.id is null or person.role <> 'contract_officer' or not exists (select from public.submissions s
      where s.id = carried.submission_id and (s.owner_id = person.id or exists (select from public.submission_members m
        where m.submission_id = s.id and m.profile_id = person.id))) then
    raise exception 'a delivery is decided on by an officer who works on the offer' using errcode = 'insufficient_privilege';
  end if;
  if carried.ended_at is not null or carried.needs_person = '' then
    raise exception 'this delivery does not wait for a person' using errcode = 'PR444';
  end if;
  if nullif(btrim(reason), '') is null then
    raise exception 'a decision says why' using errcode = 'PR433';
  end if;
  if exists (select from public.receipts r where r.run_id = run and r.discarded_at is null) then
    raise exception 'a receipt waits to be confirmed' using errcode = 'PR448';
  end if;
  if decision = 'not_delivered' then
    update public.submission_runs r set status = 'failed', outcome = 'none', phase = 'ended', message = btrim(reason), needs_person = '',
      lease_until = null, ended_at = clock_timestamp() where r.id = run;
  elsif decision = 'look_again' then
    update public.submission_runs r set needs_person = '', phase = 'reconciling', absences = 0, look_at = clock_timestamp(), lease_until = null where r.id = run;
  else
    raise exception 'there is no decision %', decision using errcode = 'PR444';
  end if;
end $$;

do $$
declare f text;
begin
  foreach f in array array['receipt_of(uuid, uuid)', 'submitted_has_its_receipt()', 'delivery_holds_offer()', 'delivery_fault(uuid, uuid)',
      'open_delivery(uuid, text, boolean, uuid, text)', 'take_delivery(uuid, text, integer)', 'hold_delivery(uuid, bigint, integer)', 'hold_offer(uuid, bigint, integer)', 'begin_act(uuid, bigint, integer)', 'submit_offer(uuid)',
      'capture_receipt(uuid, text, timestamptz, text, jsonb)', 'judge_receipt(uuid, boolean, text)', 'decide_delivery(uuid, text, text)'] loop
    execute format('revoke all on function %s from public', f);
  end loop;
  foreach f in array array['delivery_fault(uuid, uuid)', 'open_delivery(uuid, text, boolean, uuid, text)', 'take_delivery(uuid, text, integer)',
      'hold_delivery(uuid, bigint, integer)', 'hold_offer(uuid, bigint, integer)', 'begin_act(uuid, bigint, integer)', 'submit_offer(uuid)', 'capture_receipt(uuid, text, timestamptz, text, jsonb)',
      'judge_receipt(uuid, boolean, text)', 'decide_delivery(uuid, text, text)'] loop
    execute format('grant execute on function %s to procura_app', f);
  end loop;
end $$;

-- ------------------------------------------------------------------------------------------------ what goes with a bid
-- As in 0007_retention.sql; what its deliveries saw goes with a bid.
create or replace function purge_records(wanted text, subjects text[], out removed bigint, out files text[])
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
    select coalesce(array_agg(named.storage_path), '{}') into files from (
      select f.storage_path from public.submission_files f where f.submission_id::text = any(subjects)
      union select e.storage_path from public.delivery_evidence e join public.submission_runs r on r.id = e.run_id
        where r.submission_id::text = any(subjects)) named;
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

-- ------------------------------------------------------------------------------------------------ what is told
alter table notifications drop constraint notifications_kind_check, add constraint notifications_kind_check check (kind in ('mentioned', 'shared',
  'handed_over', 'waiting_for_you', 'approved', 'rejected', 'voided', 'notice_changed', 'point_assigned', 'point_overdue', 'deadline', 'safe_instant',
  'saved_search', 'file_refused', 'delivered', 'delivery_failed', 'delivery_needs_you', 'receipt_to_confirm'));
insert into system_settings (key, value) values ('autonomy_ceiling_usd', '250000') on conflict do nothing;
