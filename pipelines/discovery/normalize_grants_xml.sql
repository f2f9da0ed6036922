-- One row per record of Grants.gov's daily extract: its fields as stated, nothing interpreted yet.
-- From: records (position, text: the record's elements as JSON, see xml_records.py, reading_flags).
with parsed as (
  select position, $record_hash as record_hash, reading_flags, unnest(json_transform(text, '{
    "element": "VARCHAR", "OpportunityID": "VARCHAR", "OpportunityTitle": "VARCHAR", "OpportunityNumber": "VARCHAR",
    "AgencyName": "VARCHAR", "AgencyCode": "VARCHAR", "PostDate": "VARCHAR", "CloseDate": "VARCHAR", "ArchiveDate": "VARCHAR",
    "LastUpdatedDate": "VARCHAR", "EligibleApplicants": ["VARCHAR"], "AdditionalInformationOnEligibility": "VARCHAR",
    "CFDANumbers": ["VARCHAR"], "CategoryOfFundingActivity": ["VARCHAR"], "FundingInstrumentType": ["VARCHAR"],
    "AwardFloor": "VARCHAR", "AwardCeiling": "VARCHAR", "EstimatedTotalProgramFunding": "VARCHAR", "ExpectedNumberOfAwards": "VARCHAR",
    "CostSharingOrMatchingRequirement": "VARCHAR", "Description": "VARCHAR", "AdditionalInformationURL": "VARCHAR",
    "GrantorContactName": "VARCHAR", "GrantorContactText": "VARCHAR", "GrantorContactEmail": "VARCHAR",
    "GrantorContactPhoneNumber": "VARCHAR"}'))
  from records
)
select position, record_hash, reading_flags, coalesce(trim(OpportunityID), '') = '' as lacks_id, false as lacks_keys,
  OpportunityID as notice_id, OpportunityTitle as title, OpportunityNumber as number, AgencyName as agency, AgencyCode as agency_code,
  -- The extract states no status: what is in it as a synopsis was posted, and its dates say the rest.
  case when contains(element, 'Forecast') then 'forecasted' else 'posted' end as status,
  case when contains(element, 'Forecast') then 'forecast' else 'synopsis' end as document_type,
  PostDate as posted, case when not contains(element, 'Forecast') then CloseDate end as closes, ArchiveDate as archived,
  LastUpdatedDate as modified, EligibleApplicants as eligibility, AdditionalInformationOnEligibility as eligibility_more,
  CFDANumbers as listings, CategoryOfFundingActivity as categories, FundingInstrumentType as instruments,
  AwardFloor as award_floor, AwardCeiling as award_ceiling, EstimatedTotalProgramFunding as program_funding,
  ExpectedNumberOfAwards as award_count, CostSharingOrMatchingRequirement as cost_sharing, Description as description,
  GrantorContactName as contact_name, GrantorContactText as contact_text, GrantorContactEmail as contact_email,
  GrantorContactPhoneNumber as contact_phone, AdditionalInformationURL as further_link, cast([] as varchar[]) as documents
from parsed
