-- Groups notices into opportunities as of one instant: with group_rows.sql temporary tables `grouped` and `grouped_aliases`,
-- compared with what the lake holds in `changed_opportunities` and `changed_aliases`. DuckDB's SQL.
-- Given: `present_notices` of seen_notices.sql, filled by filled_notices.sql.

-- One row per opportunity: the notice posted last speaks for it.
create or replace temp table speaking as
select opportunity_id, unnest(max_by(struct_pack(source, notice_id, content_hash, solicitation_key, posted_at, notice_type,
    response_deadline_at, response_deadline_offset_minutes, place_state, archive_on),
    (coalesce(posted_at, '-infinity'::timestamptz), first_seen_order, notice_id))),
  min(posted_at) as first_posted_at, count(*) as notices, sum(versions) as versions, bit_xor(versions_sum) as versions_sum
from present_notices group by opportunity_id;
