-- One row per readable record of `stated`: fields interpreted, what was odd as flags; instants, keys and hash follow in
-- warehouse/lake/notice_finish.sql. Nothing is refused for a bad value: it is kept as published or left out, and flagged.
-- From: stated (normalize_csv.sql or normalize_v2.sql), notice_types (spelling in lower case -> NoticeType).
with read as (
  select *, naics_of(naics_raw) as own_naics, stated(award_amount_raw) as amount_raw, set_aside_text_of(set_aside_raw) as set_aside_word,
    case when not is_link(trimmed_text(description)) then keyless(trimmed_text(description)) end as description_text,
    list_transform(contact_list, lambda c: {
      'role': c.role, 'title': nullif(trim(c.title), ''), 'name': nullif(trim(c.name), ''),
      -- Some offices write the address into the telephone's field.
      'email': case when contains(c.phone, '@') and coalesce(trim(c.email), '') = '' then trim(c.phone) else nullif(trim(c.email), '') end,
      'phone': case when contains(c.phone, '@') and coalesce(trim(c.email), '') = '' then null else nullif(trim(c.phone), '') end,
      'fax': nullif(trim(c.fax), '')}) as people
  from stated
), coded as (
  select *, case when len(naics_list) = 0 or naics_list = [naics_raw] and own_naics is not null
      then case when own_naics is null then cast([] as varchar[]) else [own_naics] end
    else list_filter(list_prepend(own_naics, list_transform(naics_list, lambda c: naics_of(short_of(c)))), lambda c: c is not null)
    end as all_naics
  from read
)
select position, record_hash, lacks_id, lacks_keys, $source as source,
  notice_id_of(notice_id) as notice_id,
  solicitation_number, words_of(title) as title, agency, sub_agency, office,
  coalesce(t.notice_type, 'Other') as notice_type, notice_type_raw, base_type, posted_raw, deadline_raw as response_deadline_raw,
  day_of(archive_raw) as archive_on, lower(archive_type) as archive_type,
  -- The first of the list speaks where the single field is empty.
  coalesce(own_naics, all_naics[1]) as naics_code,
  -- Sorted: list_distinct keeps no order, and the content's hash must not hang on chance.
  case when len(all_naics) < 2 then all_naics else list_sort(list_distinct(all_naics)) end as naics_codes, psc_of(psc_raw) as psc_code,
  set_aside_of(set_aside_word) as set_aside_code, set_aside_raw, set_aside_text,
  place_street, place_city, place_state, place_zip, place_country, office_city, office_state, office_zip, office_country,
  stated(award_number) as award_number, day_of(award_date_raw) as award_on, dollars_of(amount_raw) as award_ceiling_usd,
  stated(awardee_name) as awardee_name,
  cast(to_json(list_filter(people, lambda c: coalesce(c.title, c.name, c.email, c.phone, c.fax) is not null)) as varchar) as contacts,
  description_text,
  link_of(description) as description_url,
  case when len(link_list) = 0 then link_list
    else list_filter(list_transform(link_list, lambda l: link_of(l)), lambda l: l is not null) end as attachment_urls,
  link_of(link) as url, is_active_raw,
  'contract' as kind, cast(null as varchar[]) as eligibility_codes, cast(null as varchar) as eligibility_text,
  cast(null as varchar[]) as aln_codes, cast(null as varchar[]) as funding_category_codes,
  cast(null as varchar[]) as funding_instrument_codes, cast(null as varchar[]) as unknown_codes,
  cast(null as decimal(18, 2)) as award_floor_usd, cast(null as decimal(18, 2)) as program_funding_usd,
  cast(null as integer) as expected_awards, cast(null as boolean) as has_cost_sharing, cast(null as date) as modified_on,
  list_concat(reading_flags, words_list(concat_ws(',',
    case when contains(naics_raw, '.') and own_naics is not null then 'naics_float' end,
    case when naics_raw is not null and own_naics is null then 'naics_unreadable' end,
    case when strlen(coalesce(own_naics, all_naics[1])) < 6 then 'naics_short' end,
    case when psc_raw is not null and psc_of(psc_raw) is null then 'psc_unreadable' end,
    case when starts_with(set_aside_raw, '[') then 'set_aside_from_json' end,
    case when set_aside_raw is not null and set_aside_of(set_aside_word) is null and not names_none(set_aside_word)
      then 'set_aside_unreadable' end,
    case when amount_raw is not null and dollars_of(amount_raw) is null then 'award_unreadable' end,
    case when archive_raw is not null and day_of(archive_raw) is null then 'archive_unreadable' end,
    case when notice_type_raw is not null and t.notice_type is null then 'type_unknown' end))) as flags
from coded
left join notice_types t on t.spelling = lower(notice_type_raw)
