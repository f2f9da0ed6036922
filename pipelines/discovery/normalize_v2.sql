-- One row per record of the v2 API: its fields as stated, blanks tidied, nothing interpreted yet.
-- From: records (position, text: one JSON value, reading_flags). City, state and country come as objects or as plain text.
with parsed as (
  select position, $record_hash as record_hash, reading_flags, json_keys(text) as keys,
    unnest(json_transform(text, '{
      "noticeId": "VARCHAR", "title": "VARCHAR", "solicitationNumber": "VARCHAR", "fullParentPathName": "VARCHAR",
      "fullParentPathCode": "VARCHAR", "department": "VARCHAR", "subTier": "VARCHAR", "office": "VARCHAR",
      "postedDate": "VARCHAR", "type": "VARCHAR", "baseType": "VARCHAR", "archiveType": "VARCHAR", "archiveDate": "VARCHAR",
      "typeOfSetAside": "VARCHAR", "typeOfSetAsideDescription": "VARCHAR", "responseDeadLine": "VARCHAR",
      "naicsCode": "VARCHAR", "naicsCodes": ["VARCHAR"], "classificationCode": "VARCHAR", "active": "VARCHAR",
      "award": {"date": "VARCHAR", "number": "VARCHAR", "amount": "VARCHAR", "awardee": {"name": "VARCHAR"}},
      "pointOfContact": [{"type": "VARCHAR", "title": "VARCHAR", "fullName": "VARCHAR", "email": "VARCHAR", "phone": "VARCHAR", "fax": "VARCHAR"}],
      "description": "VARCHAR",
      "officeAddress": {"zipcode": "VARCHAR", "city": "VARCHAR", "countryCode": "VARCHAR", "state": "VARCHAR"},
      "placeOfPerformance": {"streetAddress": "VARCHAR", "city": "VARCHAR", "state": "VARCHAR", "zip": "VARCHAR", "country": "VARCHAR"},
      "uiLink": "VARCHAR", "resourceLinks": ["VARCHAR"]}'))
  from records
), levelled as (
  select *, case
      when fullParentPathName is null then cast([] as varchar[])
      when coalesce(fullParentPathCode, '') = ''
        or len(fullParentPathName) - len(replace(fullParentPathName, '.', '')) <= len(fullParentPathCode) - len(replace(fullParentPathCode, '.', ''))
        then string_split(fullParentPathName, '.')
      else split_path(fullParentPathName, fullParentPathCode) end as levels
  from parsed
)
select position, record_hash, coalesce(trim(noticeId), '') = '' as lacks_id,
  -- Records of one file mostly have the keys of its first: comparing is three times faster than looking for each.
  case when keys = $first_keys then $first_lacks else not list_has_all(keys, $needed_keys) end as lacks_keys,
  reading_flags, short_of(noticeId) as notice_id, title, line_of(solicitationNumber) as solicitation_number,
  -- Older answers name the levels one by one.
  words_of(coalesce(levels[1], department)) as agency, words_of(coalesce(levels[2], subTier)) as sub_agency,
  words_of(coalesce(case when len(levels) > 1 then levels[-1] end, office)) as office,
  short_of(type) as notice_type_raw, short_of(baseType) as base_type, short_of(postedDate) as posted_raw,
  short_of(responseDeadLine) as deadline_raw, short_of(archiveDate) as archive_raw, short_of(archiveType) as archive_type,
  short_of(naicsCode) as naics_raw, coalesce(naicsCodes, []) as naics_list, short_of(classificationCode) as psc_raw,
  short_of(typeOfSetAside) as set_aside_raw, words_of(typeOfSetAsideDescription) as set_aside_text,
  line_of(placeOfPerformance.streetAddress) as place_street,
  line_of(named(placeOfPerformance.city, 'name', 'code')) as place_city,
  short_of(named(placeOfPerformance.state, 'code', 'name')) as place_state,
  short_of(placeOfPerformance.zip) as place_zip,
  short_of(named(placeOfPerformance.country, 'code', 'name')) as place_country,
  line_of(officeAddress.city) as office_city, short_of(officeAddress.state) as office_state,
  short_of(officeAddress.zipcode) as office_zip, short_of(officeAddress.countryCode) as office_country,
  line_of(award.number) as award_number, short_of(award.date) as award_date_raw, short_of(award.amount) as award_amount_raw,
  words_of(award.awardee.name) as awardee_name,
  list_transform(coalesce(pointOfContact, []), lambda c: {'role': c.type, 'title': c.title, 'name': c.fullName, 'email': c.email,
    'phone': c.phone, 'fax': c.fax}) as contact_list,
  description, coalesce(resourceLinks, []) as link_list, uiLink as link, short_of(active) as is_active_raw
from levelled
