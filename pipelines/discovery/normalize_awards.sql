-- One row per award record: its fields as core.awards keeps them, from the API's names or from those of files in snake_case.
-- From: records (position, text: one JSON value, reading_flags). NAICS and PSC come as objects {code, description} or as plain text.
with parsed as (
  select position, reading_flags,
    json_transform(text, '{"generated_internal_id": "VARCHAR", "Award ID": "VARCHAR", "Description": "VARCHAR",
      "Recipient Name": "VARCHAR", "Recipient UEI": "VARCHAR", "Awarding Agency": "VARCHAR", "Awarding Sub Agency": "VARCHAR",
      "NAICS": "VARCHAR", "PSC": "VARCHAR", "Primary Place of Performance": {"state_code": "VARCHAR"}, "Award Amount": "VARCHAR",
      "Base Obligation Date": "VARCHAR", "Start Date": "VARCHAR", "End Date": "VARCHAR", "Last Modified Date": "VARCHAR"}') as api,
    json_transform(text, '{"award_id": "VARCHAR", "description": "VARCHAR", "recipient_name": "VARCHAR",
      "recipient_uei": "VARCHAR", "awarding_agency": "VARCHAR", "awarding_sub_agency": "VARCHAR", "naics_code": "VARCHAR",
      "psc_code": "VARCHAR", "set_aside": "VARCHAR", "place_of_performance_state": "VARCHAR", "award_amount": "VARCHAR",
      "base_and_all_options_value": "VARCHAR", "base_obligation_date": "VARCHAR", "start_date": "VARCHAR", "end_date": "VARCHAR",
      "last_modified_date": "VARCHAR"}') as own
  from records
), stated as (
  select position, reading_flags, short_of(api.generated_internal_id) as award_id,
    -- CONT_AWD_<number>_<agency>_<parent's number>_<parent's agency>; the number itself may hold the sign between.
    string_split(short_of(api.generated_internal_id), '_') as id_parts,
    short_of(coalesce(api."Award ID", own.award_id)) as stated_piid,
    words_of(coalesce(api."Description", own.description)) as description,
    words_of(coalesce(api."Recipient Name", own.recipient_name)) as recipient_name,
    short_of(coalesce(api."Recipient UEI", own.recipient_uei)) as recipient_uei,
    words_of(coalesce(api."Awarding Agency", own.awarding_agency)) as agency,
    words_of(coalesce(api."Awarding Sub Agency", own.awarding_sub_agency)) as sub_agency,
    short_of(coalesce(named(api."NAICS", 'code', 'code'), own.naics_code)) as naics_raw,
    short_of(coalesce(named(api."PSC", 'code', 'code'), own.psc_code)) as psc_raw,
    short_of(own.set_aside) as set_aside_raw,
    short_of(coalesce(api."Primary Place of Performance".state_code, own.place_of_performance_state)) as place_state,
    short_of(coalesce(api."Award Amount", own.award_amount)) as amount_raw, short_of(own.base_and_all_options_value) as ceiling_raw,
    short_of(coalesce(api."Base Obligation Date", own.base_obligation_date)) as signed_raw,
    short_of(coalesce(api."Start Date", own.start_date)) as starts_raw, short_of(coalesce(api."End Date", own.end_date)) as ends_raw,
    short_of(coalesce(api."Last Modified Date", own.last_modified_date)) as modified_raw
  from parsed
), agencies as (
  select agency, buyer_key(agency) as agency_key from (select distinct agency from stated where agency is not null)
), valued as (
  select s.*, coalesce(agency_key, '') as agency_key,
    starts_with(award_id, 'CONT_AWD_') and len(id_parts) >= 6 as is_contract,
    naics_of(naics_raw) as naics_code, psc_of(psc_raw) as psc_code, set_aside_of(upper(stated(set_aside_raw))) as set_aside_code,
    -- 0 and less are amounts as well: money can be taken back.
    try_cast(replace(replace(amount_raw, ',', ''), '$', '') as decimal(18, 2)) as obligated_usd,
    try_cast(replace(replace(ceiling_raw, ',', ''), '$', '') as decimal(18, 2)) as ceiling_usd,
    day_of(signed_raw) as signed_on, day_of(starts_raw) as starts_on, day_of(ends_raw) as ends_on, day_of(modified_raw) as modified_on
  from stated s left join agencies using (agency)
), flagged as (
  select *, coalesce(stated_piid, case when is_contract then array_to_string(id_parts[3:-4], '_') end) as piid,
    case when is_contract and id_parts[-2] <> '-NONE-' then id_parts[-2] end as parent_piid,
    'https://www.usaspending.gov/award/' || url_encode(award_id) as url,
    list_sort(list_distinct(list_concat(reading_flags, words_list(concat_ws(',',
      case when not is_contract then 'not_a_contract' end,
      case when naics_raw is not null and naics_code is null then 'naics_unreadable' end,
      case when psc_raw is not null and psc_code is null then 'psc_unreadable' end,
      case when amount_raw is not null and obligated_usd is null then 'amount_unreadable' end,
      case when ceiling_raw is not null and ceiling_usd is null then 'ceiling_unreadable' end,
      case when signed_raw is not null and signed_on is null then 'signed_unreadable' end,
      case when starts_raw is not null and starts_on is null then 'start_unreadable' end,
      case when ends_raw is not null and ends_on is null then 'end_unreadable' end,
      case when modified_raw is not null and modified_on is null then 'modified_unreadable' end))))) as flags
  from valued
)
select position, award_id is null as lacks_id, $source as source, award_id, piid, parent_piid, description, recipient_name,
  recipient_uei, agency, sub_agency, agency_key, naics_code, psc_code, set_aside_code, place_state, obligated_usd, ceiling_usd,
  signed_on, starts_on, ends_on, modified_on, url, flags,
  left(sha256(concat_ws(chr(31), part(piid), part(parent_piid), part(description), part(recipient_name), part(recipient_uei),
    part(agency), part(sub_agency), part(naics_code), part(psc_code), part(set_aside_code), part(place_state), part(obligated_usd),
    part(ceiling_usd), part(signed_on), part(starts_on), part(ends_on), part(modified_on), part(flags))), 32) as content_hash
from flagged
