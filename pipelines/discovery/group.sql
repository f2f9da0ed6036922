-- Groups notices into opportunities as of one instant: temporary tables `grouped` and `grouped_aliases`, compared with
-- what the lake holds in `changed_opportunities` and `changed_aliases`. Reads narrow columns only. DuckDB's SQL.
-- Given: temporary table `world` (as_of, 1 row).

-- One row per version that the world shows at that instant. Demo notices are seen only while there are no others.
create or replace temp table seen_versions as
select v.source, v.notice_id, v.content_hash, v.opportunity_id, v.solicitation_key, v.notice_type, v.posted_at,
  v.response_deadline_at, v.response_deadline_offset_minutes, v.place_state, v.archive_on, v.first_seen_order,
  s.last_seen_order::hugeint * 1099511627776 + s.last_seen_position as last_seen
from core.notice_versions v join core.notice_sightings s using (source, notice_id, content_hash)
where (v.posted_at is null or v.posted_at <= (select as_of from world))
  and (v.source <> 'demo' or not exists (select 1 from core.notice_versions where source <> 'demo'));

-- One row per notice: the version that its source shows at that instant. `versions_sum` stands for all its versions,
-- whatever their order, so that a new version of any notice of a group changes the group's row_hash.
create or replace temp table present_notices as
select source, notice_id, unnest(max_by(struct_pack(content_hash, opportunity_id, solicitation_key, notice_type, posted_at,
    response_deadline_at, response_deadline_offset_minutes, place_state, archive_on, first_seen_order), last_seen)),
  count(*) as versions, bit_xor(md5_number(notice_id || ' ' || content_hash)) as versions_sum
from seen_versions group by source, notice_id;

-- One row per opportunity: the notice posted last speaks for it.
create or replace temp table speaking as
select opportunity_id, unnest(max_by(struct_pack(source, notice_id, content_hash, solicitation_key, posted_at, notice_type,
    response_deadline_at, response_deadline_offset_minutes, place_state, archive_on),
    (coalesce(posted_at, '-infinity'::timestamptz), first_seen_order, notice_id))),
  min(posted_at) as first_posted_at, count(*) as notices, sum(versions) as versions, bit_xor(versions_sum) as versions_sum
from present_notices group by opportunity_id;
