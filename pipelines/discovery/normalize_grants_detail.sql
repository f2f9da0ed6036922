-- One row per answer of Grants.gov's fetchOpportunity: its fields as stated; a synopsis speaks before the forecast it came from.
-- From: records (position, text: the answer, or what it holds as `data`, reading_flags).
with unwrapped as (
  select position, reading_flags, $record_hash as record_hash, coalesce(text -> '$.data', text::json) as answer from records
), parsed as (
  select position, record_hash, reading_flags, coalesce(json_type(answer, '$.synopsis'), 'NULL') = 'OBJECT' as has_synopsis,
    coalesce(nullif(answer -> '$.synopsis', 'null'), answer -> '$.forecast') as body,
    unnest(json_transform(answer, '{"id": "VARCHAR", "opportunityNumber": "VARCHAR", "opportunityTitle": "VARCHAR",
      "owningAgencyCode": "VARCHAR", "agencyDetails": {"agencyName": "VARCHAR"}, "cfdas": [{"cfdaNumber": "VARCHAR"}],
      "alns": [{"alnNumber": "VARCHAR"}], "synopsisDocumentURLs": [{"docUrl": "VARCHAR"}],
      "synopsisAttachmentFolders": [{"synopsisAttachments": [{"id": "VARCHAR"}]}]}'))
  from unwrapped
), read as (
  select * exclude (body), unnest(json_transform(body, '{"agencyName": "VARCHAR", "agencyCode": "VARCHAR", "postingDate": "VARCHAR",
    "responseDate": "VARCHAR", "archiveDate": "VARCHAR", "lastUpdatedDate": "VARCHAR", "synopsisDesc": "VARCHAR",
    "forecastDesc": "VARCHAR", "applicantEligibilityDesc": "VARCHAR", "applicantTypes": [{"id": "VARCHAR"}],
    "fundingInstruments": [{"id": "VARCHAR"}], "fundingActivityCategories": [{"id": "VARCHAR"}], "awardFloor": "VARCHAR",
    "awardCeiling": "VARCHAR", "estimatedFunding": "VARCHAR", "numberOfAwards": "VARCHAR", "costSharing": "VARCHAR",
    "agencyContactName": "VARCHAR", "agencyContactDesc": "VARCHAR", "agencyContactEmail": "VARCHAR", "agencyContactPhone": "VARCHAR",
    "fundingDescLinkUrl": "VARCHAR"}'))
  from parsed
)
select position, record_hash, reading_flags, coalesce(trim(id), '') = '' as lacks_id,
  -- Without either it is known that the opportunity is there, and no more.
  synopsisDesc is null and forecastDesc is null and applicantTypes is null as lacks_keys,
  id as notice_id, opportunityTitle as title, opportunityNumber as number,
  coalesce(agencyName, agencyDetails.agencyName) as agency, coalesce(owningAgencyCode, agencyCode) as agency_code,
  case when has_synopsis then 'posted' when forecastDesc is not null then 'forecasted' end as status,
  case when has_synopsis then 'synopsis' when forecastDesc is not null then 'forecast' end as document_type,
  postingDate as posted, case when has_synopsis then responseDate end as closes, archiveDate as archived, lastUpdatedDate as modified,
  list_transform(applicantTypes, lambda a: a.id) as eligibility, applicantEligibilityDesc as eligibility_more,
  list_concat(list_transform(cfdas, lambda c: c.cfdaNumber), list_transform(alns, lambda a: a.alnNumber)) as listings,
  list_transform(fundingActivityCategories, lambda c: c.id) as categories,
  list_transform(fundingInstruments, lambda i: i.id) as instruments, awardFloor as award_floor, awardCeiling as award_ceiling,
  estimatedFunding as program_funding, numberOfAwards as award_count, costSharing as cost_sharing,
  coalesce(synopsisDesc, forecastDesc) as description, agencyContactName as contact_name, agencyContactDesc as contact_text,
  agencyContactEmail as contact_email, agencyContactPhone as contact_phone, fundingDescLinkUrl as further_link,
  -- An attachment is named by its id; this is where the site's own page leads.
  list_concat(coalesce(list_transform(synopsisDocumentURLs, lambda d: d.docUrl), []),
    list_transform(flatten(coalesce(list_transform(synopsisAttachmentFolders, lambda f: coalesce(f.synopsisAttachments, [])), [])),
      lambda a: 'https://www.grants.gov/grantsws/rest/opportunity/att/download/' || a.id)) as documents
from read
