-- One row per version of every notice of the chosen opportunities, oldest first, as of the world's instant.
-- Given: temporary tables `chosen` (opportunity_id) and `world` (as_of), `present_notices` of seen_notices.sql, the macros of
-- publish_macros.sql. DuckDB's SQL.
-- A notice belongs where its present version says, and brings its earlier versions with it; a filled version takes the place
-- of the one that it fills.
select p.opportunity_id, v.notice_id, v.content_hash,
  row_number() over (partition by p.opportunity_id
    order by coalesce(v.posted_at, '-infinity'::timestamptz), v.first_seen_order, v.notice_id, v.content_hash) as ordinal,
  v.notice_type, sound_title(v.title), sound_instant(v.posted_at), sound_instant(v.response_deadline_at),
  v.response_deadline_raw, v.response_deadline_offset_minutes, v.response_deadline_precision, sound_code(v.set_aside_code),
  v.description_text, v.url, v.first_seen_at
from present_notices p
semi join chosen using (opportunity_id)
join core.notice_contents v using (source, notice_id), world
where (v.posted_at is null or v.posted_at <= world.as_of)
  and (v.source <> 'sam_gov' or (v.notice_id, v.content_hash) not in (select (notice_id, stated_hash) from core.filled_notices))
