-- Fills what SAM.gov leaves empty with what GovCon API tells of the same notice: temporary table `filled`, compared with what
-- the lake holds in `changed_filled`; `present_notices` then shows the filled content. A value of SAM.gov is never replaced,
-- whichever came first. Not filled: the set-aside, for there nothing means none; and by what a notice is grouped.
-- Given: the tables of seen_notices.sql. DuckDB's SQL.
create or replace temp table filling_pairs as
select s.notice_id, s.content_hash as stated_hash, g.content_hash as telling_hash
from told_notices s join told_notices g using (notice_id) where s.source = 'sam_gov' and g.source = 'govcon';

create or replace temp table filled as
with stated as (
  select v.* from core.notice_versions v join filling_pairs p on v.notice_id = p.notice_id and v.content_hash = p.stated_hash
  where v.source = 'sam_gov'
), telling as (
  select v.* from core.notice_versions v join filling_pairs p on v.notice_id = p.notice_id and v.content_hash = p.telling_hash
  where v.source = 'govcon'
), together as (
  select s.* exclude (has_place) replace (
      coalesce(s.solicitation_number, g.solicitation_number) as solicitation_number,
      coalesce(s.title, g.title) as title,
      coalesce(s.agency, g.agency) as agency,
      coalesce(s.sub_agency, g.sub_agency) as sub_agency,
      coalesce(s.office, g.office) as office,
      case when s.notice_type_raw is null then g.notice_type else s.notice_type end as notice_type,
      coalesce(s.notice_type_raw, g.notice_type_raw) as notice_type_raw,
      coalesce(s.base_type, g.base_type) as base_type,
      case when s.posted_precision = 'none' then g.posted_at else s.posted_at end as posted_at,
      case when s.posted_precision = 'none' then g.posted_raw else s.posted_raw end as posted_raw,
      case when s.posted_precision = 'none' then g.posted_precision else s.posted_precision end as posted_precision,
      case when s.response_deadline_precision = 'none' then g.response_deadline_at else s.response_deadline_at end
        as response_deadline_at,
      case when s.response_deadline_precision = 'none' then g.response_deadline_raw else s.response_deadline_raw end
        as response_deadline_raw,
      case when s.response_deadline_precision = 'none' then g.response_deadline_offset_minutes
        else s.response_deadline_offset_minutes end as response_deadline_offset_minutes,
      case when s.response_deadline_precision = 'none' then g.response_deadline_precision
        else s.response_deadline_precision end as response_deadline_precision,
      coalesce(s.archive_on, g.archive_on) as archive_on,
      coalesce(s.archive_type, g.archive_type) as archive_type,
      coalesce(s.naics_code, g.naics_code) as naics_code,
      case when len(s.naics_codes) = 0 then g.naics_codes else s.naics_codes end as naics_codes,
      coalesce(s.psc_code, g.psc_code) as psc_code,
      -- A place is filled as a whole, or not at all: half of each would be a third one.
      case when has_place then s.place_city else g.place_city end as place_city,
      case when has_place then s.place_state else g.place_state end as place_state,
      case when has_place then s.place_zip else g.place_zip end as place_zip,
      case when has_place then s.place_country else g.place_country end as place_country,
      coalesce(s.award_number, g.award_number) as award_number,
      coalesce(s.award_on, g.award_on) as award_on,
      coalesce(s.award_ceiling_usd, g.award_ceiling_usd) as award_ceiling_usd,
      coalesce(s.awardee_name, g.awardee_name) as awardee_name,
      case when s.contacts = '[]' then g.contacts else s.contacts end as contacts,
      coalesce(s.description_text, g.description_text) as description_text,
      case when len(s.attachment_urls) = 0 then g.attachment_urls else s.attachment_urls end as attachment_urls,
      coalesce(s.url, g.url) as url)
  from (select *, coalesce(place_street, place_city, place_state, place_zip, place_country) is not null as has_place from stated) s
  join telling g using (notice_id)
)
select s.content_hash as stated_hash, f.* replace (
    left(sha256(concat_ws(chr(31), s.content_hash, f::varchar)), 32) as content_hash,
    list_sort(list_append(f.flags, 'filled_by_govcon')) as flags,
    greatest(s.first_seen_at, g.first_seen_at) as first_seen_at,
    greatest(s.first_seen_order, g.first_seen_order) as first_seen_order)
from together f join stated s using (notice_id) join telling g using (notice_id)
where f::varchar <> s::varchar;

create or replace temp table changed_filled as
select notice_id from filled n full join filled_in_reach o using (notice_id)
where n.content_hash is distinct from o.content_hash;

create or replace temp table filled_present as
select p.* replace (f.content_hash as content_hash, f.notice_type as notice_type, f.posted_at as posted_at,
  f.response_deadline_at as response_deadline_at, f.response_deadline_offset_minutes as response_deadline_offset_minutes,
  f.place_state as place_state, f.archive_on as archive_on)
from present_notices p join filled f on f.notice_id = p.notice_id and p.source = 'sam_gov';
delete from present_notices where source = 'sam_gov' and notice_id in (select notice_id from filled_present);
insert into present_notices by name select * from filled_present;
