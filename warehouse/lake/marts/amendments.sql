-- One row per field that a notice changed against the one before it: the solicitation's chain, as one source tells it.
-- Read by: analysts who ask what changes late, auditors. The Opportunity page shows the same chain with the text's passages.
-- From: core.notice_versions, core.notice_sightings.
-- A step is a new notice of the solicitation, or the same notice published anew (`is_same_notice`). Of the text and of the
-- attachments only how much came and went is told. `deadline_moved_days` is below 0 where the deadline came nearer, and empty
-- for every other field, or where there was no deadline before or after.
-- Key: amendment_id
with world_sources as (
  select distinct source from core.notice_versions
  where source <> 'demo' or not exists (select 1 from core.notice_versions where source <> 'demo')
), present as (
  -- A notice belongs where its present version says, and brings its earlier versions with it.
  select v.source, v.notice_id, max_by(v.opportunity_id, (s.last_seen_order, s.last_seen_position)) as opportunity_id
  from core.notice_versions v join core.notice_sightings s using (source, notice_id, content_hash) semi join world_sources using (source), world
  where v.posted_at is null or v.posted_at <= as_of
  group by all
), chain as (
  select p.opportunity_id, v.source, v.notice_id, v.content_hash, row_number() over steps as step,
    lag(v.notice_id) over steps as from_notice_id, lag(v.content_hash) over steps as from_hash
  from present p join core.notice_versions v using (source, notice_id), world
  where v.posted_at is null or v.posted_at <= as_of
  window steps as (partition by p.opportunity_id, v.source
    order by coalesce(v.posted_at, '-infinity'::timestamptz), v.first_seen_order, v.notice_id, v.content_hash)
), compared as (
  select c.opportunity_id, c.source, c.step::integer as step, c.from_notice_id, c.notice_id, c.from_notice_id = c.notice_id as is_same_notice,
    b.posted_at, b.first_seen_at, unnest([
      {'field': 'title', 'changed': a.title is distinct from b.title, 'was': a.title, 'now': b.title},
      {'field': 'notice_type', 'changed': a.notice_type <> b.notice_type, 'was': a.notice_type, 'now': b.notice_type},
      {'field': 'solicitation_number', 'changed': a.solicitation_number is distinct from b.solicitation_number,
        'was': a.solicitation_number, 'now': b.solicitation_number},
      {'field': 'response_deadline', 'changed': a.response_deadline_at is distinct from b.response_deadline_at,
        'was': a.response_deadline_raw, 'now': b.response_deadline_raw},
      {'field': 'set_aside_code', 'changed': a.set_aside_code is distinct from b.set_aside_code, 'was': a.set_aside_code, 'now': b.set_aside_code},
      {'field': 'naics_code', 'changed': a.naics_code is distinct from b.naics_code, 'was': a.naics_code, 'now': b.naics_code},
      {'field': 'psc_code', 'changed': a.psc_code is distinct from b.psc_code, 'was': a.psc_code, 'now': b.psc_code},
      {'field': 'place', 'changed': (a.place_city, a.place_state, a.place_country) is distinct from (b.place_city, b.place_state, b.place_country),
        'was': nullif(concat_ws(', ', a.place_city, a.place_state, a.place_country), ''),
        'now': nullif(concat_ws(', ', b.place_city, b.place_state, b.place_country), '')},
      {'field': 'office', 'changed': (a.agency, a.sub_agency, a.office) is distinct from (b.agency, b.sub_agency, b.office),
        'was': nullif(concat_ws(' > ', a.agency, a.sub_agency, a.office), ''), 'now': nullif(concat_ws(' > ', b.agency, b.sub_agency, b.office), '')},
      {'field': 'text', 'changed': a.description_text is distinct from b.description_text,
        'was': format('{:,} characters', coalesce(length(a.description_text), 0)), 'now': format('{:,} characters', coalesce(length(b.description_text), 0))},
      {'field': 'attachments', 'changed': list_sort(a.attachment_urls) <> list_sort(b.attachment_urls),
        'was': format('{:,} files', len(a.attachment_urls)), 'now': format('{:,} files, {:,} of them new', len(b.attachment_urls),
          len(list_filter(b.attachment_urls, lambda u: not list_contains(a.attachment_urls, u))))}
    ]) as change,
    round(date_diff('second', a.response_deadline_at, b.response_deadline_at) / 86400.0, 2)::decimal(9, 2) as moved
  from chain c
  join core.notice_versions a on a.source = c.source and a.notice_id = c.from_notice_id and a.content_hash = c.from_hash
  join core.notice_versions b on b.source = c.source and b.notice_id = c.notice_id and b.content_hash = c.content_hash
)
select opportunity_id || ' | ' || source || ' | ' || step || ' | ' || change.field as amendment_id, opportunity_id, source, step, from_notice_id,
  notice_id, is_same_notice, posted_at, first_seen_at, change.field as field, change.was as was, change.now as now,
  case when change.field = 'response_deadline' then moved end as deadline_moved_days
from compared where change.changed
