-- One row per hit of Grants.gov's search2: its few fields as stated. It never speaks of texts, amounts or eligibility.
-- From: records (position, text: one JSON value, reading_flags).
with parsed as (
  select position, $record_hash as record_hash, reading_flags, unnest(json_transform(text, '{
    "id": "VARCHAR", "number": "VARCHAR", "title": "VARCHAR", "agencyCode": "VARCHAR", "agency": "VARCHAR", "agencyName": "VARCHAR",
    "openDate": "VARCHAR", "closeDate": "VARCHAR", "oppStatus": "VARCHAR", "docType": "VARCHAR", "cfdaList": ["VARCHAR"],
    "alnist": ["VARCHAR"]}'))
  from records
)
select position, record_hash, reading_flags, coalesce(trim(id), '') = '' as lacks_id, true as lacks_keys,
  id as notice_id, title, number, coalesce(agency, agencyName) as agency, agencyCode as agency_code,
  oppStatus as status, docType as document_type, openDate as posted,
  case when coalesce(oppStatus, '') <> 'forecasted' then closeDate end as closes, null::varchar as archived, null::varchar as modified,
  null::varchar[] as eligibility, null::varchar as eligibility_more, coalesce(cfdaList, alnist) as listings,
  null::varchar[] as categories, null::varchar[] as instruments, null::varchar as award_floor, null::varchar as award_ceiling,
  null::varchar as program_funding, null::varchar as award_count, null::varchar as cost_sharing, null::varchar as description,
  null::varchar as contact_name, null::varchar as contact_text, null::varchar as contact_email, null::varchar as contact_phone,
  null::varchar as further_link, cast([] as varchar[]) as documents
from parsed
