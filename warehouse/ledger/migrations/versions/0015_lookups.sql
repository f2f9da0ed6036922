-- An id of an address or a message may be any text. Comparing ids as texts looked at every row, with its row security; as_uuid
-- makes an id of a text, or null, and the index is used.

create function as_uuid(stated text) returns uuid
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when stated ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then stated::uuid end $$;
create function as_uuids(stated text[]) returns uuid[]
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select array_agg(public.as_uuid(one)) from unnest(stated) one $$;

create or replace function my_submissions() returns setof uuid
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.submission_id from public.submission_members m where m.profile_id = public.as_uuid(public.acting_person()) $$;
create or replace function works_on(submission uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select public.acting_role() = 'contract_officer' and exists (
    select from public.submissions s where s.id = submission and s.status = 'draft' and s.closed_at is null
      and (s.owner_id = public.as_uuid(public.acting_person())
        or exists (select from public.submission_members m where m.submission_id = s.id
          and m.profile_id = public.as_uuid(public.acting_person())))) $$;

-- "In the offers that are seen" made a set of all offers for each statement; "its offer is seen" looks one up, or makes the set
-- where that is cheaper.
do $$
declare t text;
begin
  foreach t in array array['approval_workflows', 'notice_changes', 'package_items', 'package_manifests', 'receipts', 'submission_authors',
                           'submission_files', 'submission_members', 'submission_notes', 'submission_runs', 'submission_tasks'] loop
    execute format('alter policy seen_with_the_offer on %I using ((select acting_role()) <> %L
      and exists (select from submissions s where s.id = %I.submission_id))', t, '', t);
  end loop;
  foreach t in array array['delivery_evidence', 'delivery_steps'] loop
    execute format('alter policy seen_with_the_offer on %I using ((select acting_role()) <> %L
      and exists (select from submission_runs r where r.id = %I.run_id))', t, '', t);
  end loop;
end $$;
alter policy concerned_read on audit_logs using ((select acting_role()) <> '' and submission_ref is not null
  and exists (select from submissions s where s.id = as_uuid(audit_logs.submission_ref)));
alter policy own_are_seen on notifications using (person_id = as_uuid((select acting_person()))
  and (submission_id is null or exists (select from submissions s where s.id = notifications.submission_id)));
alter policy own_are_read on notifications using (person_id = as_uuid((select acting_person())))
  with check (person_id = as_uuid((select acting_person())));
