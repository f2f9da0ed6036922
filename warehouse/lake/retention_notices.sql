-- Makes `notice_records`, one row per notice, with from when its time counts, whether it is due, and what keeps it.
-- Given: temporary tables `holds` (kind, subject), `decided` (opportunity_id, decided_at, has_bid), `cutoff` (instant: what began by
-- then is due). From: core.notice_versions, core.notice_sightings, core.opportunity_aliases. DuckDB's SQL.

create or replace temp table told_facts as
select v.source, v.notice_id,
  max_by(v.archive_on, (s.last_seen_order, s.last_seen_position)) as archive_on,
  max_by(v.posted_at, (s.last_seen_order, s.last_seen_position)) as posted_at,
  max_by(v.opportunity_id, (s.last_seen_order, s.last_seen_position)) as opportunity_id,
  max_by(v.title, (s.last_seen_order, s.last_seen_position)) as title,
  max(s.last_seen_at) as last_seen_at, min(v.first_seen_order) as first_order, max(s.last_seen_order) as last_order,
  list(distinct v.opportunity_id) as opportunity_ids, list(distinct v.solicitation_key) as solicitation_keys,
  list(distinct regexp_replace(upper(coalesce(v.solicitation_number, '')), '[^A-Z0-9]', '', 'g')) as solicitation_numbers,
  lower(string_agg(distinct concat_ws(' / ', v.agency, v.sub_agency, v.office), ' | ')) as agencies,
  sha256(v.source || chr(31) || v.notice_id) as subject_hash,
  sha256(string_agg(v.content_hash, ',' order by v.content_hash)) as payload_hash
from core.notice_versions v join core.notice_sightings s using (source, notice_id, content_hash)
group by v.source, v.notice_id;

-- A solicitation is one record: its notices go together, by the one whose time began last. What GovCon API tells of a notice
-- of SAM.gov goes with it, however it names the agency.
create or replace temp table notice_facts as
select f.* replace (coalesce(s.opportunity_id, f.opportunity_id) as opportunity_id)
from told_facts f left join told_facts s on f.source = 'govcon' and s.source = 'sam_gov' and s.notice_id = f.notice_id;

create or replace temp table held_subjects as
select kind, subject, lower(subject) as lower_subject, regexp_replace(upper(subject), '[^A-Z0-9]', '', 'g') as plain_subject from holds;

-- A hold on an opportunity reaches what regrouping made of it.
create or replace temp table held_ids as
select subject as opportunity_id from held_subjects where kind = 'opportunity'
union select a.opportunity_id from held_subjects h join core.opportunity_aliases a on a.alias_id = h.subject where h.kind = 'opportunity'
union select a.alias_id from held_subjects h join core.opportunity_aliases a on a.opportunity_id = h.subject where h.kind = 'opportunity';

create or replace temp table kept_for_reasons as
select f.source, f.notice_id,
  exists (select 1 from held_subjects where kind = 'class' and subject in ('notice', 'all'))
    or list_has_any(f.opportunity_ids, (select coalesce(list(opportunity_id), []) from held_ids))
    or list_has_any(f.solicitation_keys, (select coalesce(list(plain_subject), []) from held_subjects where kind = 'solicitation'))
    or list_has_any(f.solicitation_numbers, (select coalesce(list(plain_subject), []) from held_subjects where kind = 'solicitation'))
    or exists (select 1 from held_subjects where kind = 'agency' and contains(f.agencies, lower_subject)) as is_held,
  exists (select 1 from decided d where d.has_bid and list_contains(f.opportunity_ids, d.opportunity_id)) as has_bid
from notice_facts f;

create or replace temp table notice_records as
with clocked as (
  select f.*, k.is_held, k.has_bid, d.decided_at,
    -- An archive date before the posting, or before electronic posting, is a typing error: notice_clock of the domain.
    f.archive_on >= greatest(coalesce(f.posted_at::date, date '1990-01-01'), date '1990-01-01') as has_archive_date
  from notice_facts f join kept_for_reasons k using (source, notice_id)
  left join (select opportunity_id, max(decided_at) as decided_at from decided group by all) d using (opportunity_id)
), counted as (
  select *, greatest(case when has_archive_date then (archive_on + 1)::timestamp at time zone 'UTC' else last_seen_at end, decided_at)
      as own_start,
    case when decided_at > case when has_archive_date then (archive_on + 1)::timestamp at time zone 'UTC' else last_seen_at end
      then 'your decision' when has_archive_date then 'archive date' else 'last seen' end as own_clock
  from clocked
)
select source, notice_id, opportunity_id, title, subject_hash, payload_hash, first_order, last_order,
  max(own_start) over together as starts_at, first(own_clock) over (partition by opportunity_id order by own_start desc) as clock,
  bool_or(is_held) over together as is_held, bool_or(has_bid) over together as has_bid,
  max(own_start) over together <= (select instant from cutoff) and not bool_or(is_held) over together and not bool_or(has_bid) over together
    as is_due
from counted window together as (partition by opportunity_id);
