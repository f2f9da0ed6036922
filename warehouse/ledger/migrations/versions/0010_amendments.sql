-- A changed notice meets the offers to it, in the transaction that publishes it: what changed is written down, points that
-- relied on it open again, and a package that was on its way or approved is void.

alter table submissions
  add column moved_from text;                -- regrouping ended that opportunity: the offer stands with the survivor until it returns
create index on submissions (moved_from) where moved_from is not null;
alter table notice_changes
  add column opened uuid[] not null default '{}',     -- points of the checklist that it opened again
  add column concerned uuid[] not null default '{}';  -- owner, members and approvers at that moment: who is told

-- A text as people read it: another line break or indentation is no change.
create function words_of(x text) returns text language sql immutable parallel safe set search_path = pg_catalog, pg_temp
  as $$ select btrim(regexp_replace(coalesce(x, ''), '[\s\u00a0]+', ' ', 'g')) $$;
-- What stands for a long text: its hash and how many characters it has.
create function text_mark(x text) returns jsonb language sql immutable parallel safe set search_path = pg_catalog, pg_temp
  as $$ select jsonb_build_object('sha256', encode(sha256(convert_to(public.words_of(x), 'UTF8')), 'hex'), 'characters', length(public.words_of(x))) $$;
-- Taken back by its source, as opposed to come to its end.
create function is_cancelled(o opportunities, world timestamptz) returns boolean language sql stable set search_path = pg_catalog, pg_temp
  as $$ select not o.is_open and o.merged_into is null
    and coalesce(o.due_date > world, o.archive_on >= (world at time zone 'UTC')::date, true) $$;
-- Field by field what an offer relies on and is no longer the same; nothing where only its layout differs.
create function notice_differences(was opportunities, is_now opportunities, world timestamptz)
returns table (field text, kind text, before jsonb, after jsonb)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select 'due_date', 'deadline', to_jsonb(was.due_date), to_jsonb(is_now.due_date)
    where was.due_date is distinct from is_now.due_date
  union all
  select 'set_aside_code', 'set_aside', to_jsonb(was.set_aside_code), to_jsonb(is_now.set_aside_code)
    where coalesce(was.set_aside_code, '') <> coalesce(is_now.set_aside_code, '')
  union all -- what went, and what came
  select 'attachment_urls', 'attachments', gone.list, come.list
    from (select coalesce(jsonb_agg(distinct a), '[]') from unnest(was.attachment_urls) a where a <> all(is_now.attachment_urls)) gone(list),
      (select coalesce(jsonb_agg(distinct a), '[]') from unnest(is_now.attachment_urls) a where a <> all(was.attachment_urls)) come(list)
    where gone.list <> '[]' or come.list <> '[]'
  union all
  select 'title', 'text', to_jsonb(left(public.words_of(was.title), 300)), to_jsonb(left(public.words_of(is_now.title), 300))
    where public.words_of(was.title) <> public.words_of(is_now.title)
  union all
  select 'description', 'text', public.text_mark(was.description), public.text_mark(is_now.description)
    where was.description is distinct from is_now.description and public.words_of(was.description) <> public.words_of(is_now.description)
  union all
  select 'is_open', 'cancelled', to_jsonb(not public.is_cancelled(was, world)), to_jsonb(not public.is_cancelled(is_now, world))
    where public.is_cancelled(was, world) <> public.is_cancelled(is_now, world)
$$;

-- Lets one offer, whose row is locked, meet the notice as it is now. The offer's version grows: a page that shows the old one is refused.
create function meet_notice(offer submissions, was opportunities, is_now opportunities, world timestamptz) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  changes jsonb; kinds text[]; points uuid[]; people uuid[]; is_on_its_way boolean := offer.status in ('pending_approval', 'approved');
begin
  select jsonb_agg(jsonb_build_object('field', d.field, 'was', d.before, 'now', d.after)
      order by array_position(array['is_open', 'due_date', 'set_aside_code', 'attachment_urls', 'title', 'description'], d.field)),
    coalesce(array_agg(distinct d.kind), '{}') into changes, kinds from public.notice_differences(was, is_now, world) d;
  if is_on_its_way and was.id <> is_now.id then -- a package names the opportunity that it answers
    changes := coalesce(changes, '[]') || jsonb_build_object('field', 'opportunity_id', 'was', was.id, 'now', is_now.id);
  end if;
  if changes is null then
    -- A package names the version that it answers: while one is on its way it stays, and is brought up when it is a draft again.
    update public.submissions s set notice_hash = is_now.content_hash where s.id = offer.id and s.notice_hash = was.content_hash
      and not is_on_its_way and not exists (select from public.notice_changes n where n.submission_id = s.id and n.acknowledged_at is null);
    return;
  end if;
  select array_agg(distinct p) into people from (
    select offer.owner_id union all select m.profile_id from public.submission_members m where m.submission_id = offer.id
    union all select w.approver_id from public.approval_workflows w where w.submission_id = offer.id and w.approver_id is not null) concerned(p);
  update public.submissions s set version = s.version + 1 where s.id = offer.id;
  with opened as (
    update public.submission_tasks t set completed = false, completed_at = null, completed_by = null, waived_reason = null, version = t.version + 1
    where t.submission_id = offer.id and t.relies_on && kinds and (t.completed or t.waived_reason is not null) returning t.id)
  select coalesce(array_agg(o.id), '{}') into points from opened o;
  if 'deadline' = any(kinds) then
    update public.submission_tasks t set version = t.version + 1, due_at = public.point_due_at(
      is_now.due_date, is_now.due_offset_minutes, t.due_before_days, t.due_before_minutes, offer.created_at)
    where t.submission_id = offer.id and (t.due_before_days is not null or t.due_before_minutes is not null);
  end if;
  insert into public.notice_changes (submission_id, from_hash, to_hash, changes, relied_on, took_back, opened, concerned)
  values (offer.id, was.content_hash, is_now.content_hash, changes, kinds, is_on_its_way, points, people);
  perform public.void_package(offer.id, 'the notice changed' || coalesce(': ' || nullif(array_to_string(kinds, ', '), ''), ''));
end $$;
-- An offer that is a draft again answers the notice as it stands, unless a change of it is still to be acknowledged.
create function draft_answers_notice() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (select from public.notice_changes n where n.submission_id = new.id and n.acknowledged_at is null) then
    select o.content_hash into new.notice_hash from public.opportunities o where o.id = new.opportunity_id;
  end if;
  return new;
end $$;
create trigger draft_answers_notice before update of status on submissions for each row
  when (new.status = 'draft' and old.status <> 'draft') execute function draft_answers_notice();

-- Lets an offer stand with another opportunity; its name gives way to one that is there already.
create function move_offer(offer submissions, target text, origin text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare free_label text := offer.label; number integer := 1;
begin
  while exists (select from public.submissions s where s.opportunity_id = target and lower(s.label) = lower(free_label)
      and s.closed_at is null and s.id <> offer.id) loop
    number := number + 1;
    free_label := left(offer.label, 70) || ' (' || number || ')';
  end loop;
  update public.submissions s set opportunity_id = target, label = free_label, moved_from = origin, version = s.version + 1
  where s.id = offer.id;
end $$;

create function notice_meets_offers() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  -- The instant at which this publishing looks at the world; set by nobody else, for nobody else may change these columns.
  world timestamptz := coalesce(nullif(current_setting('procura.as_of', true), '')::timestamptz, now());
  offer public.submissions; was public.opportunities := old; is_now public.opportunities := new;
  is_ended boolean := new.merged_into is not null and new.merged_into is distinct from old.merged_into;
  has_returned boolean := old.merged_into is not null and new.merged_into is null and new.row_hash <> '';
begin
  if is_ended then
    select * into strict is_now from public.opportunities o where o.id = new.merged_into;
  end if;
  for offer in select s.* from public.submissions s where s.opportunity_id = new.id and s.closed_at is null and s.status <> 'submitted'
      order by s.id for update loop
    if is_ended then
      perform public.move_offer(offer, is_now.id, coalesce(offer.moved_from, new.id));
    end if;
    perform public.meet_notice(offer, was, is_now, world);
  end loop;
  if has_returned then
    for offer in select s.* from public.submissions s where s.moved_from = new.id and s.closed_at is null and s.status <> 'submitted'
        order by s.id for update loop
      select * into strict was from public.opportunities o where o.id = offer.opportunity_id;
      perform public.move_offer(offer, new.id, null);
      perform public.meet_notice(offer, was, new, world);
    end loop;
  end if;
  return null;
end $$;
create trigger notice_meets_offers after update of due_date, set_aside_code, attachment_urls, description, title, content_hash, is_open, merged_into
  on opportunities for each row when (
    (old.due_date, old.set_aside_code, old.attachment_urls, old.content_hash, old.is_open, old.merged_into)
      is distinct from (new.due_date, new.set_aside_code, new.attachment_urls, new.content_hash, new.is_open, new.merged_into)
    or old.title <> new.title or old.description is distinct from new.description)
  execute function notice_meets_offers();
do $$
declare f text;
begin
  foreach f in array array['words_of(text)', 'text_mark(text)', 'is_cancelled(opportunities, timestamptz)',
      'notice_differences(opportunities, opportunities, timestamptz)',
      'meet_notice(submissions, opportunities, opportunities, timestamptz)', 'draft_answers_notice()', 'move_offer(submissions, text, text)', 'notice_meets_offers()'] loop
    execute format('revoke all on function %s from public', f);
  end loop;
end $$;

-- Publishing tells of what it met.
create policy runs_look on notice_changes for select to procura_pipeline using ((select acting_role()) = 'system');
grant select on notice_changes to procura_pipeline;
