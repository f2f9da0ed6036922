-- The second half of group.sql, once the federal working days are known.
-- Given: `speaking` of group.sql, `world`, `biddable` (notice_type), `working_days` (deadline_on, safe_on), `clock_changes`
-- (opportunity_id, safe_utc).
create or replace temp table grouped as
with judged as (
  select s.*, notice_type in (select notice_type from biddable) as is_biddable,
    -- 17:00 in the office's own time: by the deadline's offset, unless the clocks change between the two.
    coalesce(c.safe_utc, d.safe_on + time '17:00' - to_minutes(coalesce(response_deadline_offset_minutes, 0))) as safe_utc
  from speaking s
  left join clock_changes c using (opportunity_id)
  left join working_days d
    on d.deadline_on = ((response_deadline_at at time zone 'UTC') + to_minutes(coalesce(response_deadline_offset_minutes, 0)))::date
), named as (
  select opportunity_id, source, notice_id, content_hash, solicitation_key, notices::integer as notice_count,
    versions::integer as version_count, first_posted_at, posted_at, notice_type, response_deadline_at,
    response_deadline_offset_minutes, safe_utc at time zone 'UTC' as safe_deadline_at, archive_on, is_biddable,
    is_biddable and case when response_deadline_at is not null then response_deadline_at >= as_of
                         else archive_on is null or archive_on >= (as_of at time zone 'UTC')::date end as is_open,
    versions_sum
  from judged, world
)
-- Instants and the sum as numbers and hex: written out in decimal they took 100 s for a million rows.
select * exclude (versions_sum), md5(row(source, notice_id, content_hash, solicitation_key, notice_count, version_count,
  epoch_us(first_posted_at), epoch_us(posted_at), notice_type, epoch_us(response_deadline_at), response_deadline_offset_minutes,
  epoch_us(safe_deadline_at), archive_on, is_biddable, is_open, hex(versions_sum))::varchar) as row_hash
from named;

create or replace temp table changed_opportunities as
select opportunity_id from grouped n full join opportunities_in_reach o using (opportunity_id)
where n.row_hash is distinct from o.row_hash;

-- One row per id that no notice bears any more although a version once did. Where its notices went different ways, the
-- one posted last says which way the id goes.
create or replace temp table grouped_aliases as
select v.opportunity_id as alias_id,
  max_by(p.opportunity_id, (coalesce(p.posted_at, '-infinity'::timestamptz), p.first_seen_order, p.notice_id)) as opportunity_id
from seen_versions v join present_notices p on p.notice_id = v.notice_id
  -- What GovCon API alone told of goes on under the id that it has once SAM.gov tells of it.
  and (p.source = v.source or p.source = 'sam_gov' and v.source = 'govcon')
where v.opportunity_id <> p.opportunity_id and v.opportunity_id not in (select opportunity_id from speaking)
group by alias_id;

create or replace temp table changed_aliases as
select alias_id from grouped_aliases n full join aliases_in_reach o using (alias_id)
where n.opportunity_id is distinct from o.opportunity_id;
