-- One row per record of the v2 API: its fields as stated, blanks tidied, nothing interpreted yet.
-- From: records (position, text: one JSON value, reading_flags). City, state and country come as objects or as plain text.
with parsed as (
  select position, reading_flags, text, json_keys(text) as keys,
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
select position, coalesce(trim(noticeId), '') = '' as lacks_id,
  not list_has_all(keys, ['title', 'solicitationNumber', 'fullParentPathName', 'postedDate', 'type', 'baseType', 'archiveType',
    'archiveDate', 'typeOfSetAside', 'typeOfSetAsideDescription', 'responseDeadLine', 'naicsCode', 'naicsCodes', 'classificationCode',
    'active', 'award', 'pointOfContact', 'description', 'officeAddress', 'placeOfPerformance', 'uiLink', 'resourceLinks']) as lacks_keys,
  reading_flags, line_of(noticeId) as notice_id, title, line_of(solicitationNumber) as solicitation_number,
  -- Older answers name the levels one by one.
  words_of(coalesce(levels[1], department)) as agency, words_of(coalesce(levels[2], subTier)) as sub_agency,
  words_of(coalesce(case when len(levels) > 1 then levels[-1] end, office)) as office,
  line_of(type) as notice_type_raw, line_of(baseType) as base_type, line_of(postedDate) as posted_raw,
  line_of(responseDeadLine) as deadline_raw, line_of(archiveDate) as archive_raw, line_of(archiveType) as archive_type,
  line_of(naicsCode) as naics_raw, coalesce(naicsCodes, []) as naics_list, line_of(classificationCode) as psc_raw,
  line_of(typeOfSetAside) as set_aside_raw, words_of(typeOfSetAsideDescription) as set_aside_text,
  line_of(placeOfPerformance.streetAddress) as place_street,
  line_of(named(placeOfPerformance.city, 'name', 'code')) as place_city,
  line_of(named(placeOfPerformance.state, 'code', 'name')) as place_state,
  line_of(placeOfPerformance.zip) as place_zip,
  line_of(named(placeOfPerformance.country, 'code', 'name')) as place_country,
  line_of(officeAddress.city) as office_city, line_of(officeAddress.state) as office_state,
  line_of(officeAddress.zipcode) as office_zip, line_of(officeAddress.countryCode) as office_country,
  line_of(award.number) as award_number, line_of(award.date) as award_date_raw, line_of(award.amount) as award_amount_raw,
  words_of(award.awardee.name) as awardee_name,
  list_transform(coalesce(pointOfContact, []), lambda c: {'role': c.type, 'title': c.title, 'name': c.fullName, 'email': c.email,
    'phone': c.phone, 'fax': c.fax}) as contact_list,
  description, coalesce(resourceLinks, []) as link_list, uiLink as link, line_of(active) as is_active_raw
from levelled
