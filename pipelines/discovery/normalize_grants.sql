-- One row per readable record of `stated`: a grant's fields interpreted, what was odd as flags; the rest follows in
-- warehouse/lake/notice_finish.sql. Nothing is refused for a bad value. The four ways in which Grants.gov tells of one opportunity
-- come to the same values here, or every feed would make a version of its own.
-- From: stated (one of normalize_grants_*.sql), notice_types (spelling in lower case -> NoticeType).
with read as (
  select *, grant_time_of(posted) as posted_raw, grant_time_of(closes) as closes_raw, short_of(status) as status_raw,
    code_list(eligibility) as eligibility_list, code_list(categories) as category_list, code_list(instruments) as instrument_list,
    stated(short_of(award_floor)) as floor_raw, stated(short_of(award_ceiling)) as ceiling_raw,
    plain_html(contact_text) as contact_words
  from stated
), dated as (
  -- Nobody waits for decades: 12312099 and its like mean that there is no closing date.
  select *, day_of(left(closes_raw, 10)) > coalesce(day_of(left(posted_raw, 10)), date '2050-01-01') + interval 20 years as is_sentinel
  from read
), coded as (
  select *, coded_list(eligibility_list, $eligibility) as eligibility_codes, coded_list(category_list, $categories) as funding_category_codes,
    coded_list(instrument_list, $instruments) as funding_instrument_codes,
    nullif(list_concat(unknown_in('eligibility', eligibility_list, $eligibility), unknown_in('category', category_list, $categories),
      unknown_in('instrument', instrument_list, $instruments)), []) as unknown_codes
  from dated
)
select position, record_hash, lacks_id, lacks_keys, $source as source, 'grant' as kind, trim(notice_id) as notice_id,
  line_of(number) as solicitation_number, words_of(plain_html(title)) as title, words_of(agency) as agency,
  cast(null as varchar) as sub_agency, short_of(agency_code) as office,
  coalesce(t.notice_type, 'Other') as notice_type, status_raw as notice_type_raw, short_of(document_type) as base_type, posted_raw,
  case when is_sentinel is not true then closes_raw end as response_deadline_raw,
  day_of(left(grant_time_of(archived), 10)) as archive_on, cast(null as varchar) as archive_type,
  cast(null as varchar) as naics_code, cast([] as varchar[]) as naics_codes, cast(null as varchar) as psc_code,
  cast(null as varchar) as set_aside_code, cast(null as varchar) as set_aside_raw, cast(null as varchar) as set_aside_text,
  cast(null as varchar) as place_street, cast(null as varchar) as place_city, cast(null as varchar) as place_state,
  cast(null as varchar) as place_zip, cast(null as varchar) as place_country, cast(null as varchar) as office_city,
  cast(null as varchar) as office_state, cast(null as varchar) as office_zip, cast(null as varchar) as office_country,
  cast(null as varchar) as award_number, cast(null as date) as award_on,
  nullif(dollars_of(ceiling_raw), 0) as award_ceiling_usd, cast(null as varchar) as awardee_name,
  case when coalesce(nullif(contact_words, ''), stated(trim(contact_name)), stated(trim(contact_email)), stated(trim(contact_phone))) is null
    then '[]'
    else cast(to_json([{'role': 'primary', 'title': null::varchar,
      'name': coalesce(nullif(line_of(contact_words), ''), words_of(contact_name)),
      'email': stated(trim(contact_email)), 'phone': stated(trim(contact_phone)), 'fax': null::varchar}]) as varchar) end as contacts,
  nullif(plain_html(keyless(description)), '') as description_text, link_of(further_link) as description_url,
  list_filter(list_transform(documents, lambda d: link_of(d)), lambda d: d is not null) as attachment_urls,
  case when regexp_matches(trim(notice_id), '^\d+$') then 'https://www.grants.gov/search-results-detail/' || trim(notice_id)
    else 'https://simpler.grants.gov/opportunity/' || trim(notice_id) end as url,
  cast(null as varchar) as is_active_raw,
  eligibility_codes, nullif(plain_html(eligibility_more), '') as eligibility_text,
  nullif(list_sort(list_distinct(regexp_extract_all(array_to_string(listings, ' '), '\b\d{2}\.[0-9A-Z]{2,3}\b'))), []) as aln_codes,
  funding_category_codes, funding_instrument_codes, unknown_codes,
  nullif(dollars_of(floor_raw), 0) as award_floor_usd, nullif(dollars_of(stated(short_of(program_funding))), 0) as program_funding_usd,
  nullif(try_cast(stated(short_of(award_count)) as integer), 0) as expected_awards,
  case lower(cost_sharing) when 'yes' then true when 'true' then true when 'no' then false when 'false' then false end as has_cost_sharing,
  day_of(left(grant_time_of(modified), 10)) as modified_on,
  list_concat(reading_flags, words_list(concat_ws(',',
    case when is_sentinel then 'sentinel_close_date' end,
    case when unknown_codes is not null then 'code_unknown' end,
    case when ceiling_raw is not null and dollars_of(ceiling_raw) is null or floor_raw is not null and dollars_of(floor_raw) is null
      then 'award_unreadable' end,
    case when status_raw is not null and t.notice_type is null then 'type_unknown' end))) as flags
from coded
left join notice_types t on t.spelling = lower(status_raw)
