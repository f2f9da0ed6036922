-- One row per record of a slice of the daily CSV file: its fields as stated, blanks tidied, nothing interpreted yet.
-- From: records (columns of shapes.CSV_COLUMNS as text, position, reading_flags).
select position, $record_hash as record_hash, false as lacks_id, $absent as lacks_keys, reading_flags,
  short_of(notice_id) as notice_id, title, line_of(solicitation_number) as solicitation_number,
  words_of(agency) as agency, words_of(sub_agency) as sub_agency, words_of(office) as office,
  short_of(type) as notice_type_raw, short_of(base_type) as base_type, short_of(posted) as posted_raw, short_of(deadline) as deadline_raw,
  short_of(archive_date) as archive_raw, short_of(archive_type) as archive_type,
  short_of(naics) as naics_raw, cast([] as varchar[]) as naics_list, short_of(psc) as psc_raw,
  short_of(set_aside) as set_aside_raw, words_of(set_aside_text) as set_aside_text,
  line_of(place_street) as place_street, line_of(place_city) as place_city, short_of(place_state) as place_state,
  short_of(place_zip) as place_zip, short_of(place_country) as place_country,
  line_of(office_city) as office_city, short_of(office_state) as office_state, short_of(office_zip) as office_zip,
  short_of(office_country) as office_country,
  line_of(award_number) as award_number, short_of(award_date) as award_date_raw, short_of(award_amount) as award_amount_raw,
  words_of(awardee) as awardee_name,
  [{'role': 'primary', 'title': primary_title, 'name': primary_name, 'email': primary_email, 'phone': primary_phone, 'fax': primary_fax},
   {'role': 'secondary', 'title': secondary_title, 'name': secondary_name, 'email': secondary_email, 'phone': secondary_phone, 'fax': secondary_fax}]
    as contact_list,
  description, cast([] as varchar[]) as link_list, link, short_of(active) as is_active_raw
from records
