-- One row per record of GovCon API: its fields as stated, blanks tidied, nothing interpreted yet.
-- From: records (position, text: one JSON value, reading_flags). Codes come as lists or as plain text; `active` says nothing.
with parsed as (
  select position, $record_hash as record_hash, reading_flags, json_keys(text) as keys,
    unnest(json_transform(text, '{
      "notice_id": "VARCHAR", "title": "VARCHAR", "solicitation_number": "VARCHAR", "agency": "VARCHAR", "department": "VARCHAR",
      "sub_agency": "VARCHAR", "office": "VARCHAR", "notice_type": "VARCHAR", "base_type": "VARCHAR", "posted_date": "VARCHAR",
      "response_deadline": "VARCHAR", "archive_date": "VARCHAR", "archive_type": "VARCHAR", "naics": "VARCHAR", "psc": "VARCHAR",
      "set_aside_code": "VARCHAR", "set_aside_type": "VARCHAR", "performance_city_name": "VARCHAR",
      "performance_state_code": "VARCHAR", "performance_zip": "VARCHAR", "performance_country_code": "VARCHAR",
      "award_number": "VARCHAR", "award_date": "VARCHAR", "award_amount": "VARCHAR", "awardee_name": "VARCHAR",
      "contact_name": "VARCHAR", "contact_title": "VARCHAR", "contact_email": "VARCHAR", "contact_phone": "VARCHAR",
      "description_text": "VARCHAR", "resource_links": ["VARCHAR"], "sam_url": "VARCHAR"}'))
  from records
), listed as (
  select *, case when starts_with(naics, '[') then coalesce(try(from_json(naics, '["VARCHAR"]')), []) else [naics] end as all_naics,
    case when starts_with(psc, '[') then try(from_json(psc, '["VARCHAR"]'))[1] else psc end as first_psc
  from parsed
)
select position, record_hash, coalesce(trim(notice_id), '') = '' or coalesce(trim(title), '') = '' as lacks_id,
  case when keys = $first_keys then $first_lacks else not list_has_all(keys, $needed_keys) end as lacks_keys,
  reading_flags, short_of(notice_id) as notice_id, title, line_of(solicitation_number) as solicitation_number,
  words_of(coalesce(department, agency)) as agency, words_of(sub_agency) as sub_agency, words_of(office) as office,
  short_of(notice_type) as notice_type_raw, short_of(base_type) as base_type, short_of(posted_date) as posted_raw,
  short_of(response_deadline) as deadline_raw, short_of(archive_date) as archive_raw, short_of(archive_type) as archive_type,
  short_of(all_naics[1]) as naics_raw, list_filter(all_naics, lambda c: c is not null) as naics_list, short_of(first_psc) as psc_raw,
  short_of(coalesce(set_aside_code, set_aside_type)) as set_aside_raw,
  words_of(case when set_aside_code is not null then set_aside_type end) as set_aside_text,
  cast(null as varchar) as place_street, line_of(performance_city_name) as place_city, short_of(performance_state_code) as place_state,
  short_of(performance_zip) as place_zip, short_of(performance_country_code) as place_country,
  cast(null as varchar) as office_city, cast(null as varchar) as office_state, cast(null as varchar) as office_zip,
  cast(null as varchar) as office_country,
  line_of(award_number) as award_number, short_of(award_date) as award_date_raw, short_of(award_amount) as award_amount_raw,
  words_of(awardee_name) as awardee_name,
  [{'role': 'primary', 'title': contact_title, 'name': contact_name, 'email': contact_email, 'phone': contact_phone,
    'fax': cast(null as varchar)}] as contact_list,
  description_text as description, coalesce(resource_links, []) as link_list, sam_url as link, cast(null as varchar) as is_active_raw
from listed
