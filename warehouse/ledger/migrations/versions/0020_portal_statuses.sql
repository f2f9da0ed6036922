-- What a portal says of an accepted offer later: validated, at the agency, or rejected by its own checks. A rejection takes the
-- acceptance back: the run is refused, the offer rejected, and can be corrected and delivered anew. Its receipt stays as it was read.

-- One row per thing that a portal said of an accepted run later.
create table portal_statuses (
  run_id uuid not null references submission_runs on delete cascade,
  position integer not null,
  status text not null check (btrim(status) <> '' and length(status) <= 100), -- in the portal's words
  words text not null check (length(words) <= 2000),                         -- all that it says of it: the errors of a rejection
  is_final boolean not null,                                                 -- after it the portal says nothing more
  is_rejection boolean not null check (not is_rejection or is_final),        -- it does not take after all what it had received
  at timestamptz not null default clock_timestamp(),                        -- when it was read
  primary key (run_id, position)
);
create index accepted_deliveries on submission_runs (executor, ended_at) where outcome = 'accepted';
alter table portal_statuses enable row level security;
alter table portal_statuses force row level security;
create policy owner_works on portal_statuses for all to procura_owner using (true) with check (true);
create policy seen_with_the_offer on portal_statuses for select to procura_app
  using ((select acting_role()) <> '' and run_id in (select r.id from submission_runs r));
grant select on portal_statuses to procura_app; -- written by the function below

-- As in 0009_approvals.sql; and what was submitted is rejected by the portal itself.
create or replace function may_move(before submission_status, after submission_status) returns boolean
language sql immutable set search_path = pg_catalog, pg_temp as $$
  select (before::text, after::text) in (
    ('draft', 'pending_approval'),
    ('pending_approval', 'approved'),
    ('pending_approval', 'rejected'),
    ('rejected', 'draft'),
    ('approved', 'draft'),
    ('approved', 'submitted'),
    ('submitted', 'rejected')) $$;
-- What is submitted stays so, unless the delivery that made it so was refused after all.
create function submitted_stays() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.submission_runs r where r.submission_id = old.id and r.manifest_id = old.manifest_id
      and r.outcome = 'refused' and r.receipt_id is not null) then
    raise exception 'what is submitted stays so' using errcode = 'PR409';
  end if;
  return new;
end $$;
create trigger submitted_stays before update on submissions
  for each row when (old.status = 'submitted' and new.status <> 'submitted') execute function submitted_stays();
alter table submissions enable always trigger submitted_stays;

-- As in 0012_deliveries.sql; an acceptance that the portal took back becomes a refusal, and nothing else of the run changes.
create or replace function delivery_stays() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  if old.outcome = 'accepted' and new.outcome = 'refused' and new.status = 'failed'
      and to_jsonb(new) - array['outcome', 'status', 'message'] = to_jsonb(old) - array['outcome', 'status', 'message']
      and exists (select from public.portal_statuses s where s.run_id = new.id and s.is_rejection) then
    return new;
  end if;
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

-- Write what a portal says of an accepted run, unless it is what it said last; true when it was new. A rejection takes the acceptance back.
create function note_portal_status(run uuid, said text, told text, final boolean, rejection boolean) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare offer public.submissions; carried public.submission_runs; last public.portal_statuses;
begin
  if public.acting_role() <> 'system' then
    raise exception 'what a portal says is read by the product itself' using errcode = 'insufficient_privilege';
  end if;
  select s.* into offer from public.submissions s where s.id = (select r.submission_id from public.submission_runs r where r.id = run) for update;
  select r.* into carried from public.submission_runs r where r.id = run for update;
  select p.* into last from public.portal_statuses p where p.run_id = run order by p.position desc limit 1;
  if carried.outcome is distinct from 'accepted' or last.is_final or (last.status, last.words) is not distinct from (said, told) then
    return false;
  end if;
  insert into public.portal_statuses (run_id, position, status, words, is_final, is_rejection)
    values (run, 1 + coalesce(last.position, 0), said, told, final or rejection, rejection);
  if rejection then
    update public.submission_runs r set outcome = 'refused', status = 'failed', message = left(told, 4000) where r.id = run;
    if offer.status = 'submitted' and offer.manifest_id = carried.manifest_id then
      perform public.void_and_move(offer.id, 'rejected', left('rejected there: ' || told, 2000));
      update public.opportunities o set status = 'qualified', status_changed_at = now(), status_changed_by = null
        where o.id = offer.opportunity_id and o.status = 'submitted';
    end if;
  end if;
  return true;
end $$;
revoke all on function submitted_stays() from public;
revoke all on function note_portal_status(uuid, text, text, boolean, boolean) from public;
grant execute on function note_portal_status(uuid, text, text, boolean, boolean) to procura_app;
