-- One row per chosen opportunity, from the notice that speaks for it. Columns as warehouse/ledger/published.py names them.
-- Given: temporary table `chosen` (opportunity_id), the macros of publish_macros.sql. DuckDB's SQL.
select o.opportunity_id, o.source, o.notice_id, o.content_hash, sound_name(v.solicitation_number), sound_title(v.title),
  sound_name(v.agency), sound_name(v.sub_agency), sound_name(v.office), v.notice_type, sound_code(v.naics_code),
  sound_code(v.psc_code), sound_code(v.set_aside_code), v.set_aside_text, sound_name(v.place_city), sound_code(v.place_state),
  sound_code(v.place_country), sound_instant(v.posted_at), sound_instant(o.first_posted_at),
  sound_instant(v.response_deadline_at), v.response_deadline_raw, v.response_deadline_offset_minutes,
  v.response_deadline_precision, sound_instant(o.safe_deadline_at), sound_day(v.archive_on), v.award_ceiling_usd,
  v.description_text, v.description_url, v.url, sound_json(v.contacts), o.notice_count, o.is_open, o.source = 'demo',
  o.row_hash, coalesce(v.kind, 'contract'), v.eligibility_text, v.award_floor_usd, v.program_funding_usd, v.expected_awards,
  v.has_cost_sharing, sound_list(v.attachment_urls), sound_list(v.flags), sound_list(v.eligibility_codes), sound_list(v.aln_codes),
  sound_list(v.funding_category_codes), sound_list(v.funding_instrument_codes)
from core.opportunities o
semi join chosen using (opportunity_id)
join core.notice_contents v on v.source = o.source and v.notice_id = o.notice_id and v.content_hash = o.content_hash
