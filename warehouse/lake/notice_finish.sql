-- One row per row of `described`, in its order of positions: with what follows from the other fields (instants, group key, hash).
-- From: described (all plain fields of core.notice_versions, flags without those of times; position, record_hash, lacks_id, lacks_keys), zones.
with timed as (
  select d.*, coalesce(o.zone, p.zone, 'America/New_York') as zone,
    local_of(d.response_deadline_raw) as deadline_local, stated_offset_of(d.response_deadline_raw) as deadline_offset,
    letters_and_digits(d.solicitation_number) as plain_number, letters_and_digits(d.agency) as plain_agency,
    local_of(d.posted_raw) as posted_local, stated_offset_of(d.posted_raw) as posted_offset
  from described d
  left join zones o on o.state = upper(d.office_state)
  left join zones p on p.state = upper(d.place_state)
), formed as (
  select *, time_form(response_deadline_raw, deadline_local, deadline_offset) as response_deadline_precision,
    time_form(posted_raw, posted_local, posted_offset) as posted_form,
    number_key(solicitation_number, plain_number) as number_key
  from timed
), placed as (
  select *, instant_of(deadline_local, deadline_offset, response_deadline_precision, zone, true) as response_deadline_at,
    -- SAM.gov's own days are Eastern ones.
    instant_of(posted_local, posted_offset, posted_form, 'America/New_York', false) as posted_at,
    solicitation_key_of(number_key, notice_id) as solicitation_key,
    -- A grant has one id in all feeds; its agency's name may be spelled differently in each.
    opportunity_id_of(first_hand(source), plain_agency, case when kind <> 'grant' then number_key end, notice_id) as opportunity_id
  from formed
), keyed as (
  select *,
    case response_deadline_precision when 'instant' then deadline_offset when 'assumed_zone' then zone_offset_of(zone, response_deadline_at)
      when 'date' then zone_offset_of(zone, response_deadline_at) end as response_deadline_offset_minutes,
    case posted_form when 'assumed_zone' then 'instant' else posted_form end as posted_precision,
    concat_ws(',', 
      case response_deadline_precision when 'assumed_zone' then 'deadline_zone_assumed' when 'date' then 'deadline_date_only'
        when 'unreadable' then 'deadline_unreadable' end,
      case posted_form when 'unreadable' then 'posted_unreadable' when 'assumed_zone' then 'posted_zone_assumed' end,
      case when response_deadline_at < posted_at then 'deadline_before_posted' end) as time_flags
  from placed
), flagged as (
  select *, case when time_flags = '' and len(flags) < 2 then flags
    else list_sort(list_distinct(list_concat(flags, words_list(time_flags)))) end as all_flags
  from keyed
)
select position, record_hash, lacks_id, lacks_keys, source, notice_id,
  -- The description enters by its own hash, which saves copying it.
  left(sha256(concat_ws(chr(31), strlen(title), sha256(description_text),
    part(source), part(notice_id), part(opportunity_id), part(solicitation_number), part(title), part(agency),
    part(sub_agency), part(office), part(notice_type), part(notice_type_raw), part(base_type), part(posted_raw),
    part(response_deadline_raw), part(epoch_us(posted_at)), part(epoch_us(response_deadline_at)), part(response_deadline_offset_minutes), part(archive_on), part(archive_type),
    part(naics_code), part(naics_codes), part(psc_code), part(set_aside_code), part(set_aside_raw), part(set_aside_text),
    part(place_street), part(place_city), part(place_state), part(place_zip), part(place_country), part(office_city),
    part(office_state), part(office_zip), part(office_country), part(award_number), part(award_on), part(award_ceiling_usd),
    part(awardee_name), part(contacts), part(description_url), part(attachment_urls), part(url),
    part(is_active_raw), part(all_flags),
    -- Nothing is added for a contract: its hashes stay what they were before there were grants.
    case when kind = 'grant' then concat_ws(chr(31), part(eligibility_codes), part(eligibility_text), part(aln_codes),
      part(funding_category_codes), part(funding_instrument_codes), part(unknown_codes), part(award_floor_usd),
      part(program_funding_usd), part(expected_awards), part(has_cost_sharing)) end)), 32) as content_hash,
  opportunity_id, solicitation_number, solicitation_key, title, agency, sub_agency, office, notice_type, notice_type_raw, base_type,
  posted_at, posted_raw, posted_precision, response_deadline_at, response_deadline_raw, response_deadline_offset_minutes,
  response_deadline_precision, archive_on, archive_type, naics_code, naics_codes, psc_code, set_aside_code, set_aside_raw,
  set_aside_text, place_street, place_city, place_state, place_zip, place_country, office_city, office_state, office_zip,
  office_country, award_number, award_on, award_ceiling_usd, awardee_name, contacts, description_text, description_url,
  attachment_urls, url, is_active_raw, all_flags as flags, kind, eligibility_codes, eligibility_text, aln_codes, funding_category_codes,
  funding_instrument_codes, unknown_codes, award_floor_usd, program_funding_usd, expected_awards, has_cost_sharing, modified_on
from flagged
