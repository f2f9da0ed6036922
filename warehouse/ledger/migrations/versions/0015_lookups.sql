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
