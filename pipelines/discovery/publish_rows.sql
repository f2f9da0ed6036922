-- One row per chosen opportunity, from the notice that speaks for it. Columns as warehouse/ledger/published.py names them.
-- Given: temporary table `chosen` (opportunity_id). DuckDB's SQL.
select o.opportunity_id, o.source, o.notice_id, o.content_hash, v.solicitation_number,
  coalesce(nullif(trim(v.title), ''), '(no title)') as title, v.agency, v.sub_agency, v.office, v.notice_type, v.naics_code,
  v.psc_code, v.set_aside_code, v.set_aside_text, v.place_city, v.place_state, v.place_country, v.posted_at, o.first_posted_at,
  v.response_deadline_at, v.response_deadline_raw, v.response_deadline_offset_minutes, v.response_deadline_precision,
  o.safe_deadline_at, v.archive_on, v.award_ceiling_usd, v.description_text, v.description_url, v.url,
  coalesce(v.contacts, '[]') as contacts, o.notice_count, o.is_open, o.source = 'demo' as is_demo, o.row_hash,
  to_json(v.attachment_urls)::varchar as attachment_urls, to_json(v.flags)::varchar as flags
from core.opportunities o
semi join chosen using (opportunity_id)
join core.notice_versions v on v.source = o.source and v.notice_id = o.notice_id and v.content_hash = o.content_hash
