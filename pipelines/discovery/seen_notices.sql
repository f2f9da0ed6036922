-- Notices as the world shows them at one instant: temporary tables `seen_versions`, `told_notices` and `present_notices`.
-- Reads narrow columns only. DuckDB's SQL. Given: temporary table `world` (as_of, 1 row), the views of reach.py.

-- One row per version that the world shows at that instant. Demo notices are seen only while there are no others.
create or replace temp table seen_versions as
select v.source, v.notice_id, v.content_hash, v.opportunity_id, v.solicitation_key, v.notice_type, v.posted_at,
  v.response_deadline_at, v.response_deadline_offset_minutes, v.place_state, v.archive_on, v.first_seen_order,
  s.last_seen_order::hugeint * 1099511627776 + s.last_seen_position as last_seen
from versions_in_reach v join core.notice_sightings s using (source, notice_id, content_hash)
where (v.posted_at is null or v.posted_at <= (select as_of from world))
  and (v.source <> 'demo' or not exists (select 1 from core.notice_versions where source <> 'demo'));

-- One row per notice and source: the version that the source shows at that instant. `versions_sum` stands for all its
-- versions, whatever their order, so that a new version of any notice of a group changes the group's row_hash.
create or replace temp table told_notices as
select source, notice_id, unnest(max_by(struct_pack(content_hash, opportunity_id, solicitation_key, notice_type, posted_at,
    response_deadline_at, response_deadline_offset_minutes, place_state, archive_on, first_seen_order), last_seen)),
  count(*) as versions, bit_xor(md5_number(notice_id || ' ' || content_hash)) as versions_sum
from seen_versions group by source, notice_id;

-- A whole federal number (13 signs and more, FAR 4.1603) is of one solicitation, however a reseller names its agency.
create or replace temp table whole_numbers as
select solicitation_key, any_value(opportunity_id) as opportunity_id from told_notices
where source = 'sam_gov' and strlen(solicitation_key) >= 13
  and solicitation_key in (select solicitation_key from told_notices where source = 'govcon')
group by solicitation_key having count(distinct opportunity_id) = 1;

-- One row per notice: GovCon API, which resells SAM.gov's notices, speaks only for those that SAM.gov tells nothing of.
create or replace temp table present_notices as
select t.* replace (coalesce(w.opportunity_id, t.opportunity_id) as opportunity_id)
from told_notices t
left join whole_numbers w on t.source = 'govcon' and w.solicitation_key = t.solicitation_key
where t.source <> 'govcon' or t.notice_id not in (select notice_id from told_notices where source = 'sam_gov');
