-- One row per record of a slice of the daily CSV file: its fields as stated, blanks tidied, nothing interpreted yet.
-- From: records (columns of shapes.CSV_COLUMNS as text, position, reading_flags).
select position, false as lacks_id, $absent as lacks_keys, reading_flags,
  line_of(notice_id) as notice_id, title, line_of(solicitation_number) as solicitation_number,
  words_of(agency) as agency, words_of(sub_agency) as sub_agency, words_of(office) as office,
  line_of(type) as notice_type_raw, line_of(base_type) as base_type, line_of(posted) as posted_raw, line_of(deadline) as deadline_raw,
  line_of(archive_date) as archive_raw, line_of(archive_type) as archive_type,
  line_of(naics) as naics_raw, cast([] as varchar[]) as naics_list, line_of(psc) as psc_raw,
  line_of(set_aside) as set_aside_raw, words_of(set_aside_text) as set_aside_text,
  line_of(place_street) as place_street, line_of(place_city) as place_city, line_of(place_state) as place_state,
  line_of(place_zip) as place_zip, line_of(place_country) as place_country,
  line_of(office_city) as office_city, line_of(office_state) as office_state, line_of(office_zip) as office_zip,
  line_of(office_country) as office_country,
  line_of(award_number) as award_number, line_of(award_date) as award_date_raw, line_of(award_amount) as award_amount_raw,
  words_of(awardee) as awardee_name,
  [{'role': 'primary', 'title': primary_title, 'name': primary_name, 'email': primary_email, 'phone': primary_phone, 'fax': primary_fax},
   {'role': 'secondary', 'title': secondary_title, 'name': secondary_name, 'email': secondary_email, 'phone': secondary_phone, 'fax': secondary_fax}]
    as contact_list,
  description, cast([] as varchar[]) as link_list, link, line_of(active) as is_active_raw
from records
