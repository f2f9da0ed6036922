-- Workspaces: an offer from its opening to the package that is sent to approval. Steps of approval are in 0009.
-- Whoever may see an offer is said once, in the policy of `submissions`; what belongs to an offer is seen with it.

-- ------------------------------------------------------------------------------------------------ the offer
alter table submissions
  add column label text not null default 'Offer' check (btrim(label) <> '' and length(label) <= 80), -- two offers to one notice are told apart
  add column version integer not null default 1,          -- grows by one with each change: a stale page is refused
  add column value_usd numeric(18, 2) check (value_usd >= 0),
  add column executor text not null default 'assisted',   -- the way it will be delivered: the name of a portal profile
  add column delivery jsonb not null default '{}',        -- fields of that way, and the limits that the solicitation states
  add column notice_hash text,                            -- the version of the notice that the offer answers
  add column manifest_id uuid,                            -- what was sent to approval; null while it is a draft
  add column sent_at timestamptz,                         -- when it was sent to approval first
  add column state_changed_at timestamptz not null default now(),
  add column closed_at timestamptz,                       -- given up, or done with: read only from then on
  add column close_reason text check (btrim(close_reason) <> ''),
  add check ((closed_at is null) = (close_reason is null));
create unique index one_open_offer_of_a_name on submissions (opportunity_id, lower(label)) where closed_at is null;
create index on submissions (owner_id);

-- One row per person who works on an offer beside its owner.
create table submission_members (
  submission_id uuid not null references submissions on delete cascade,
  profile_id uuid not null references profiles,
  added_by uuid not null references profiles,
  added_at timestamptz not null,
  primary key (submission_id, profile_id)
);
create index on submission_members (profile_id);
-- One row per person who ever owned or changed what an offer says: none of them may sign it. Written by triggers only.
create table submission_authors (
  submission_id uuid not null references submissions on delete cascade,
  profile_id uuid not null references profiles,
  first_at timestamptz not null default now(),
  primary key (submission_id, profile_id)
);
-- One row per note in a workspace; a note is never changed.
create table submission_notes (
  id uuid primary key,
  submission_id uuid not null references submissions on delete cascade,
  author_id uuid not null references profiles,
  written_at timestamptz not null,
  body text not null check (btrim(body) <> '' and length(body) <= 8000),
  mentions uuid[] not null default '{}'      -- people named in it, who are told
);
create index on submission_notes (submission_id, written_at);
-- One row per change of a notice that met an open offer.
create table notice_changes (
  id uuid primary key default gen_random_uuid(),
  submission_id uuid not null references submissions on delete cascade,
  noticed_at timestamptz not null default now(),
  from_hash text,
  to_hash text not null,
  changes jsonb not null,                    -- [{"field", "was", "now"}]; long texts by their SHA-256
  relied_on text[] not null,                 -- of deadline, set_aside, attachments, text, cancelled: what of it offers rely on
  took_back boolean not null,                -- it made the offer a draft again
  acknowledged_at timestamptz,
  acknowledged_by uuid references profiles,
  check ((acknowledged_at is null) = (acknowledged_by is null))
);
create index on notice_changes (submission_id, noticed_at);

-- ------------------------------------------------------------------------------------------------ checklist
alter table submission_tasks
  add column position integer not null default 0,
  add column template_key text,              -- template and point, such as solicitation/sam_registration; null: added by hand or found in the text
  add column detail text not null default '',
  add column is_required boolean not null default true,
  add column owner_id uuid references profiles,
  add column department text check (department in ('contracts', 'legal', 'finance', 'audit', 'operations')),
  add column due_at timestamptz,
  add column due_before_days integer check (due_before_days between 0 and 60), -- federal working days before the deadline, at 17:00; it moves with it
  add column due_before_minutes integer check (due_before_minutes >= 0), -- how long before the deadline, or before that day's 17:00; it moves with it
  add column depends_on uuid[] not null default '{}',
  add column evidence_wanted text not null default '', -- what would prove it, in words
  add column evidence_file_id uuid references submission_files,
  add column relies_on text[] not null default '{}',  -- of deadline, set_aside, attachments, text: a change of it opens the point again
  add column quote text,                     -- the words of the notice that ask for it, byte for byte
  add column quote_field text,
  add column quote_start integer,
  add column waived_reason text check (btrim(waived_reason) <> ''), -- why it does not apply; counts as done
  add column completed_at timestamptz,
  add column completed_by uuid references profiles,
  add column version integer not null default 1,
  add column created_at timestamptz not null default now(),
  add check (not locked or department is not null),
  add check (completed = (completed_at is not null) and (completed_at is null) = (completed_by is null)),
  add check ((quote is null) = (quote_field is null) and (quote is null) = (quote_start is null));
create unique index one_point_of_a_template on submission_tasks (submission_id, template_key) where template_key is not null;
create index on submission_tasks (submission_id, position);

-- ------------------------------------------------------------------------------------------------ files
-- A row is one version of a document; its bytes lie in the object store under `storage_path` and are never changed.
alter table submission_files
  add column kind text not null default 'offer' check (kind in ('offer', 'evidence')),
  add column document_id uuid not null,      -- the same in all versions of a document
  add column version integer not null check (version > 0),
  add column size_bytes bigint not null check (size_bytes >= 0),
  add column sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  add column given_name text not null default '' check (length(given_name) <= 2000), -- as the browser said; file_name is tidied
  add column media_type text not null,       -- by content, never by name
  add column uploaded_by uuid not null references profiles,
  add column scan_reason text not null default '',
  add column scan_findings jsonb not null default '{}', -- what gates ask for: has_macros, is_encrypted, pages …
  add column scanned_at timestamptz,
  add column override_by uuid references profiles,      -- who let a file pass that could not be scanned
  add column override_at timestamptz,
  add column override_reason text check (btrim(override_reason) <> ''),
  add column removed_at timestamptz,         -- taken out of the workspace; bytes and row stay
  add column removed_by uuid references profiles,
  add check ((override_by is null) = (override_at is null) and (override_by is null) = (override_reason is null)),
  add check (override_by is null or scan_status = 'not_scanned'),
  add check (override_by <> uploaded_by),                -- nobody lets an own file pass
  add unique (document_id, version);
create index on submission_files (submission_id, document_id, version desc);
create index on submission_files (storage_path);

-- ------------------------------------------------------------------------------------------------ package
-- One row per document that goes into an offer's package, in its order.
create table package_items (
  submission_id uuid not null references submissions on delete cascade,
  document_id uuid not null,
  position integer not null,
  package_name text not null check (btrim(package_name) <> '' and length(package_name) <= 200), -- as the solicitation demands
  volume text not null default '',
  version integer not null default 1,
  primary key (submission_id, document_id),
  unique (submission_id, position) deferrable initially deferred
);
create unique index one_item_of_a_name on package_items (submission_id, lower(package_name));
-- One row per package that was sent to approval. What people sign is the hash of these exact bytes.
create table package_manifests (
  id uuid primary key,
  submission_id uuid not null references submissions on delete cascade,
  number integer not null check (number > 0),
  body bytea not null,                       -- canonical JSON: files with hash, order and name, fields, deadline, notice
  manifest_hash text not null check (manifest_hash = encode(sha256(body), 'hex')),
  made_by uuid not null references profiles,
  made_at timestamptz not null,
  voided_at timestamptz,
  void_reason text check (btrim(void_reason) <> ''),
  frozen_at timestamptz,                     -- all have signed and its bytes were read again
  check ((voided_at is null) = (void_reason is null)),
  unique (submission_id, number)
);
alter table submissions add foreign key (manifest_id) references package_manifests;

-- ------------------------------------------------------------------------------------------------ who sees and who changes
-- Offers on which the acting person works as a member.
create function my_submissions() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.submission_id from public.submission_members m where m.profile_id::text = public.acting_person() $$;
-- Whether the acting person may change what this offer says: a contract officer who owns or shares an open draft.
create function works_on(submission uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select public.acting_role() = 'contract_officer' and exists (
    select from public.submissions s where s.id = submission and s.status = 'draft' and s.closed_at is null
      and (s.owner_id::text = public.acting_person()
        or exists (select from public.submission_members m where m.submission_id = s.id and m.profile_id::text = public.acting_person()))) $$;
-- Holds an offer in its state while something of it changes, so that sending it to approval waits; refuses unless it is an open draft.
create function hold_draft(submission uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare found_status text; found_closed timestamptz;
begin
  select s.status, s.closed_at into found_status, found_closed from public.submissions s where s.id = submission for share;
  if found_status is distinct from 'draft' or found_closed is not null then
    raise exception 'the offer is %', case when found_closed is not null then 'closed' else coalesce(found_status, 'gone') end using errcode = 'PR409';
  end if;
end $$;
-- Writes down who changed what an offer says.
create function remember_author(submission uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() not in ('', 'system') then
    insert into public.submission_authors (submission_id, profile_id) values (submission, public.acting_person()::uuid) on conflict do nothing;
  end if;
end $$;
do $$
declare f text;
begin
  foreach f in array array['my_submissions()', 'works_on(uuid)', 'hold_draft(uuid)', 'remember_author(uuid)'] loop
    execute format('revoke all on function %s from public', f);
    execute format('grant execute on function %s to procura_app', f);
  end loop;
end $$;

do $$
declare t text;
begin
  foreach t in array array['submission_members', 'submission_authors', 'submission_notes', 'notice_changes', 'package_items',
                           'package_manifests'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
  foreach t in array array['submissions', 'submission_members', 'submission_authors', 'submission_notes', 'notice_changes', 'submission_tasks',
                           'submission_files', 'package_items', 'package_manifests'] loop
    execute format('create policy owner_works on %I for all to procura_owner using (true) with check (true)', t);
    execute format('grant select on %I to procura_app', t);
  end loop;
  -- What belongs to an offer is seen by whoever sees the offer.
  foreach t in array array['submission_members', 'submission_authors', 'submission_notes', 'notice_changes', 'submission_tasks',
                           'submission_files', 'package_items', 'package_manifests'] loop
    execute format($p$create policy seen_with_the_offer on %I for select to procura_app
      using ((select acting_role()) <> '' and submission_id in (select s.id from submissions s))$p$, t);
  end loop;
end $$;

-- Contracts, audit and the officers of legal and finance see every offer (they have points of the checklist to tick), viewers of
-- legal and finance what was ever sent to approval, operations what is approved; owners and members see their own, admins and
-- the product itself all.
create policy concerned_see on submissions for select to procura_app using (
  (select acting_role()) in ('admin', 'system')
  or (select acting_department()) in ('contracts', 'audit')
  or (select acting_department()) in ('legal', 'finance') and ((select acting_role()) = 'contract_officer' or sent_at is not null)
  or (select acting_department()) = 'operations' and status in ('approved', 'submitted')
  or owner_id::text = (select acting_person())
  or id in (select my_submissions()));
create policy officers_open on submissions for insert to procura_app
  with check ((select acting_role()) = 'contract_officer' and owner_id::text = (select acting_person()));
-- A new owner may be somebody else: what else may change with it is the trigger's to say.
create policy workers_change on submissions for update to procura_app
  using ((select acting_role()) = 'admin'
    or (select acting_role()) = 'contract_officer' and (owner_id::text = (select acting_person()) or id in (select my_submissions())))
  with check ((select acting_role()) in ('admin', 'contract_officer'));
grant insert (id, opportunity_id, owner_id, label, value_usd, executor, delivery, notice_hash, created_at, state_changed_at),
  update (label, value_usd, executor, delivery, owner_id, notice_hash, version, closed_at, close_reason) on submissions to procura_app;

create policy owners_share on submission_members for insert to procura_app
  with check ((select acting_role()) in ('admin', 'contract_officer') and added_by::text = (select acting_person())
    and exists (select from submissions s where s.id = submission_id and s.closed_at is null
      and (s.owner_id::text = (select acting_person()) or (select acting_role()) = 'admin')));
create policy owners_end_sharing on submission_members for delete to procura_app
  using ((select acting_role()) = 'admin' or profile_id::text = (select acting_person())
    or exists (select from submissions s where s.id = submission_id and s.owner_id::text = (select acting_person())));
grant insert, delete on submission_members to procura_app;
create policy officers_write on submission_notes for insert to procura_app
  with check ((select acting_role()) in ('admin', 'contract_officer') and author_id::text = (select acting_person())
    and submission_id in (select s.id from submissions s where s.closed_at is null));
grant insert on submission_notes to procura_app;
create policy workers_acknowledge on notice_changes for update to procura_app
  using ((select acting_role()) = 'contract_officer' and acknowledged_at is null and works_on(submission_id))
  with check (acknowledged_by::text = (select acting_person()));
grant update (acknowledged_at, acknowledged_by) on notice_changes to procura_app;

create policy workers_add on submission_tasks for insert to procura_app
  with check ((select acting_role()) = 'contract_officer' and works_on(submission_id) and not completed);
-- Those of a department tick its locked points, although they do not share the offer: the trigger says which.
create policy workers_and_departments_change on submission_tasks for update to procura_app
  using ((select acting_role()) = 'contract_officer' and (works_on(submission_id) or department = (select acting_department())))
  with check ((select acting_role()) = 'contract_officer' and (works_on(submission_id) or department = (select acting_department())));
create policy workers_remove on submission_tasks for delete to procura_app
  using ((select acting_role()) = 'contract_officer' and works_on(submission_id) and template_key is null and not locked and not completed);
grant insert, delete, update (title, detail, position, owner_id, due_at, due_before_days, due_before_minutes, depends_on, evidence_file_id, waived_reason, completed,
  completed_at, completed_by, version) on submission_tasks to procura_app;

create policy workers_upload on submission_files for insert to procura_app
  with check ((select acting_role()) = 'contract_officer' and uploaded_by::text = (select acting_person()) and scan_status = 'pending'
    and override_by is null and removed_at is null
    and (works_on(submission_id) or kind = 'evidence' and submission_id in (select s.id from submissions s)));
create policy workers_and_scans_change on submission_files for update to procura_app
  using ((select acting_role()) = 'system' or (select acting_role()) = 'contract_officer' and works_on(submission_id))
  with check ((select acting_role()) in ('system', 'contract_officer'));
grant insert, update (media_type, scan_status, scan_reason, scan_findings, scanned_at, override_by, override_at, override_reason, removed_at, removed_by)
  on submission_files to procura_app;

create policy workers_pack on package_items for all to procura_app
  using ((select acting_role()) = 'contract_officer' and works_on(submission_id))
  with check ((select acting_role()) = 'contract_officer' and works_on(submission_id));
grant insert, update, delete on package_items to procura_app;
create policy workers_make on package_manifests for insert to procura_app
  with check ((select acting_role()) = 'contract_officer' and made_by::text = (select acting_person()) and works_on(submission_id)
    and voided_at is null and frozen_at is null);
grant insert (id, submission_id, number, body, manifest_hash, made_by, made_at) on package_manifests to procura_app;

-- The activity of an offer is read by whoever sees the offer.
create policy concerned_read on audit_logs for select to procura_app
  using ((select acting_role()) <> '' and submission_ref is not null and submission_ref in (select s.id::text from submissions s));
create index audit_logs_of_offers on audit_logs (submission_ref, seq) where submission_ref is not null;

-- ------------------------------------------------------------------------------------------------ what rows alone cannot say
create function offer_changes() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_user = 'procura_owner' then
    return new; -- the functions that move an offer
  end if;
  if new.version <> old.version + 1 then
    raise exception 'the offer was changed meanwhile' using errcode = 'serialization_failure';
  end if;
  if old.closed_at is not null then
    raise exception 'the offer is closed' using errcode = 'PR409';
  end if;
  if (new.value_usd, new.executor, new.delivery, new.notice_hash) is distinct from (old.value_usd, old.executor, old.delivery, old.notice_hash) then
    if not public.works_on(old.id) then
      raise exception 'only who works on a draft changes what it says' using errcode = 'PR409';
    end if;
    perform public.remember_author(old.id);
  end if;
  if new.owner_id <> old.owner_id then
    if public.acting_role() <> 'admin' and old.owner_id::text <> public.acting_person() then
      raise exception 'an offer is handed over by its owner or an admin' using errcode = 'insufficient_privilege';
    end if;
    if not exists (select from public.profiles p where p.id = new.owner_id and p.role = 'contract_officer' and not p.is_disabled) then
      raise exception 'an offer is owned by a contract officer' using errcode = 'PR409';
    end if;
  end if;
  if new.closed_at is not null and (old.status not in ('draft', 'rejected', 'submitted')
      or public.acting_role() <> 'admin' and old.owner_id::text <> public.acting_person()) then
    raise exception 'an offer on its way is not closed' using errcode = 'PR409';
  end if;
  return new;
end $$;
create trigger offer_changes before update on submissions for each row execute function offer_changes();
create function offer_has_owner() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.submission_authors (submission_id, profile_id) values (new.id, new.owner_id) on conflict do nothing;
  return null;
end $$;
revoke all on function offer_has_owner() from public;
create trigger offer_has_owner after insert or update of owner_id on submissions for each row execute function offer_has_owner();
-- Who shares an offer with its owner may write in it.
create function member_is_officer() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.profiles p where p.id = new.profile_id and p.role = 'contract_officer' and not p.is_disabled) then
    raise exception 'an offer is shared with contract officers' using errcode = 'PR409';
  end if;
  return new;
end $$;
create trigger member_is_officer before insert on submission_members for each row execute function member_is_officer();

create function part_of_draft_changes() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare of_offer uuid := case when tg_op = 'DELETE' then old.submission_id else new.submission_id end;
begin
  if current_user <> 'procura_owner' then
    if tg_op = 'UPDATE' and new.submission_id <> old.submission_id then
      raise exception 'nothing moves to another offer' using errcode = 'PR409';
    end if;
    perform public.hold_draft(of_offer);
    perform public.remember_author(of_offer);
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger part_of_draft_changes before insert or update or delete on package_items for each row execute function part_of_draft_changes();
create trigger part_of_draft_changes before insert on package_manifests for each row execute function part_of_draft_changes();

create function point_changes() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_user = 'procura_owner' then
    return case when tg_op = 'DELETE' then old else new end;
  end if;
  perform public.hold_draft(case when tg_op = 'DELETE' then old.submission_id else new.submission_id end);
  if tg_op = 'UPDATE' then
    if new.version <> old.version + 1 then
      raise exception 'the point was changed meanwhile' using errcode = 'serialization_failure';
    end if;
    if (new.completed, new.waived_reason, new.evidence_file_id) is distinct from (old.completed, old.waived_reason, old.evidence_file_id)
        and old.locked and old.department <> public.acting_department() then
      raise exception 'this point is for %', old.department using errcode = 'insufficient_privilege';
    end if;
    if not public.works_on(old.submission_id) and (new.title, new.detail, new.position, new.owner_id, new.due_at, new.due_before_days, new.due_before_minutes, new.depends_on)
        is distinct from (old.title, old.detail, old.position, old.owner_id, old.due_at, old.due_before_days, old.due_before_minutes, old.depends_on) then
      raise exception 'a department ticks its points, and changes nothing else of them' using errcode = 'insufficient_privilege';
    end if;
    if new.completed and not old.completed then
      if new.completed_by::text is distinct from public.acting_person() then
        raise exception 'a point is ticked in the own name' using errcode = 'insufficient_privilege';
      end if;
      if exists (select from public.submission_tasks t where t.submission_id = new.submission_id and t.id = any(new.depends_on)
          and not t.completed and t.waived_reason is null) then
        raise exception 'another point comes first' using errcode = 'PR409';
      end if;
    end if;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger point_changes before insert or update or delete on submission_tasks for each row execute function point_changes();

-- Federal holidays by rule (5 U.S.C. 6103), each on the working day on which it is kept.
create function is_federal_holiday(day date) returns boolean
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select extract(isodow from day) = 1 and (
      extract(month from day) in (1, 2) and extract(day from day) between 15 and 21
      or extract(month from day) = 5 and extract(day from day) >= 25
      or extract(month from day) = 9 and extract(day from day) <= 7
      or extract(month from day) = 10 and extract(day from day) between 8 and 14)
    or extract(isodow from day) = 4 and extract(month from day) = 11 and extract(day from day) between 22 and 28
    or exists (
      select from generate_series(extract(year from day)::integer, extract(year from day)::integer + 1) as y,
        (values (1, 1), (6, 19), (7, 4), (11, 11), (12, 25)) as fixed (m, d)
      where (m <> 6 or y >= 2021)
        and day = make_date(y, m, d) + case extract(isodow from make_date(y, m, d)) when 6 then -1 when 7 then 1 else 0 end) $$;
-- When a point is due, for a deadline that moved; warehouse/domain/checklist.py says the same, and a test compares them.
create function point_due_at(deadline timestamptz, offset_minutes integer, days integer, minutes integer, made_at timestamptz) returns timestamptz
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  office constant interval := make_interval(mins => coalesce(offset_minutes, 0));
  day date := ((deadline at time zone 'UTC') + office)::date;
  due timestamptz := deadline;
begin
  if deadline is null then
    return null;
  end if;
  for step in 1 .. coalesce(days, 0) loop
    day := day - 1;
    while extract(isodow from day) > 5 or public.is_federal_holiday(day) loop
      day := day - 1;
    end loop;
    due := (day + time '17:00' - office) at time zone 'UTC';
  end loop;
  due := due - make_interval(mins => coalesce(minutes, 0));
  if deadline <= made_at then
    return due;
  end if;
  -- What should have been done before the offer was opened has until 17:00 of the next working day, or half of the time that is left.
  day := ((made_at at time zone 'UTC') + office)::date + 1;
  while extract(isodow from day) > 5 or public.is_federal_holiday(day) loop
    day := day + 1;
  end loop;
  return greatest(due, least((day + time '17:00' - office) at time zone 'UTC', made_at + (deadline - made_at) / 2));
end $$;

create function file_changes() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if current_user = 'procura_owner' then
    return new;
  end if;
  if public.acting_role() = 'system' then
    -- A scan may find later what it did not know before; it never touches what people decided.
    if (new.override_by, new.override_at, new.override_reason, new.removed_at, new.removed_by)
        is distinct from (old.override_by, old.override_at, old.override_reason, old.removed_at, old.removed_by) and new.override_by is not null then
      raise exception 'a scan says what it found and nothing else' using errcode = 'insufficient_privilege';
    end if;
    return new;
  end if;
  perform public.hold_draft(new.submission_id);
  if tg_op = 'UPDATE' then
    if (new.media_type, new.scan_status, new.scan_reason, new.scan_findings, new.scanned_at)
        is distinct from (old.media_type, old.scan_status, old.scan_reason, old.scan_findings, old.scanned_at) then
      raise exception 'what a scan found is not changed by hand' using errcode = 'insufficient_privilege';
    end if;
    if (new.override_by is distinct from old.override_by and new.override_by::text is distinct from public.acting_person())
        or (new.removed_by is distinct from old.removed_by and new.removed_by is not null and new.removed_by::text is distinct from public.acting_person()) then
      raise exception 'this is done in the own name' using errcode = 'insufficient_privilege';
    end if;
  elsif exists (select from public.submission_files f where f.document_id = new.document_id and f.submission_id <> new.submission_id) then
    raise exception 'a document belongs to one offer' using errcode = 'PR409';
  end if;
  if new.kind = 'offer' then
    perform public.remember_author(new.submission_id);
  end if;
  return new;
end $$;
create trigger file_changes before insert or update on submission_files for each row execute function file_changes();
insert into submission_authors (submission_id, profile_id) select id, owner_id from submissions;
