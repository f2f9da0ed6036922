-- One row per record of Simpler.Grants.gov: its fields as stated. What has no number at Grants.gov goes by its own id.
-- From: records (position, text: one JSON value, reading_flags).
with parsed as (
  select position, $record_hash as record_hash, reading_flags, unnest(json_transform(text, '{
    "legacy_opportunity_id": "VARCHAR", "opportunity_id": "VARCHAR", "opportunity_number": "VARCHAR", "opportunity_title": "VARCHAR",
    "agency_code": "VARCHAR", "agency_name": "VARCHAR", "opportunity_status": "VARCHAR", "updated_at": "VARCHAR",
    "opportunity_assistance_listings": [{"assistance_listing_number": "VARCHAR"}], "attachments": [{"download_path": "VARCHAR"}],
    "summary": {"summary_description": "VARCHAR", "is_cost_sharing": "VARCHAR", "is_forecast": "BOOLEAN", "close_date": "VARCHAR",
      "post_date": "VARCHAR", "archive_date": "VARCHAR", "expected_number_of_awards": "VARCHAR",
      "estimated_total_program_funding": "VARCHAR", "award_floor": "VARCHAR", "award_ceiling": "VARCHAR",
      "additional_info_url": "VARCHAR", "applicant_eligibility_description": "VARCHAR", "agency_contact_description": "VARCHAR",
      "agency_email_address": "VARCHAR", "agency_phone_number": "VARCHAR", "funding_instruments": ["VARCHAR"],
      "funding_categories": ["VARCHAR"], "applicant_types": ["VARCHAR"], "updated_at": "VARCHAR"}}'))
  from records
)
select position, record_hash, reading_flags,
  coalesce(trim(legacy_opportunity_id), trim(opportunity_id), '') = '' as lacks_id, summary is null as lacks_keys,
  coalesce(legacy_opportunity_id, opportunity_id) as notice_id, opportunity_title as title, opportunity_number as number,
  agency_name as agency, agency_code, opportunity_status as status,
  case when summary.is_forecast then 'forecast' when not summary.is_forecast then 'synopsis' end as document_type,
  summary.post_date as posted, case when not coalesce(summary.is_forecast, false) then summary.close_date end as closes,
  summary.archive_date as archived, left(coalesce(summary.updated_at, updated_at), 10) as modified,
  summary.applicant_types as eligibility, summary.applicant_eligibility_description as eligibility_more,
  list_transform(opportunity_assistance_listings, lambda a: a.assistance_listing_number) as listings,
  summary.funding_categories as categories, summary.funding_instruments as instruments, summary.award_floor as award_floor,
  summary.award_ceiling as award_ceiling, summary.estimated_total_program_funding as program_funding,
  summary.expected_number_of_awards as award_count, summary.is_cost_sharing as cost_sharing,
  summary.summary_description as description, null::varchar as contact_name,
  summary.agency_contact_description as contact_text, summary.agency_email_address as contact_email,
  summary.agency_phone_number as contact_phone, summary.additional_info_url as further_link,
  coalesce(list_transform(attachments, lambda a: a.download_path), []) as documents
from parsed
