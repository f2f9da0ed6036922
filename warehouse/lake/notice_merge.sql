-- One row per row of `incoming`: what the notice says now, `known` (its current version) read together with it.
-- Nothing stated never erases a known value; a more exact time of the same day is kept; else the newer statement wins.
-- From: incoming and known (columns of core.notice_versions; incoming also position, lacks_keys and has_other_feed: another
-- feed spoke of the notice too), one known row a notice at most.
with pairs as (
  select i as n, k as o,
    k.notice_id is not null
      and (i.posted_precision in ('none', 'unreadable') or i.posted_precision = 'date' and k.posted_precision = 'instant')
      and (i.posted_precision <> 'date'
        or i.posted_raw = strftime(timezone('America/New_York', k.posted_at), '%Y-%m-%d')) as keeps_posted,
    k.notice_id is not null
      -- A whole record of a grant without a closing date says that there is none.
      and (i.response_deadline_precision = 'none' and (i.kind <> 'grant' or i.lacks_keys)
        or i.response_deadline_precision = 'unreadable'
        or i.response_deadline_precision = 'date' and k.response_deadline_precision in ('instant', 'assumed_zone')
        or i.response_deadline_precision = 'assumed_zone' and k.response_deadline_precision = 'instant')
      and (i.response_deadline_precision not in ('date', 'assumed_zone')
        or left(i.response_deadline_raw, 10)
          = strftime(timezone('UTC', k.response_deadline_at) + to_minutes(k.response_deadline_offset_minutes), '%Y-%m-%d'))
      as keeps_deadline
  from incoming i left join known k
    -- A whole record of the only feed that ever spoke of the notice replaces what was known, empty fields too.
    on k.source = i.source and k.notice_id = i.notice_id and (i.lacks_keys or i.has_other_feed)
)
select n.position as position, n.record_hash as record_hash, false as lacks_id, n.lacks_keys as lacks_keys, n.source as source, n.notice_id as notice_id,
  coalesce(n.solicitation_number, o.solicitation_number) as solicitation_number,
  coalesce(n.title, o.title) as title,
  coalesce(n.agency, o.agency) as agency,
  coalesce(n.sub_agency, o.sub_agency) as sub_agency,
  coalesce(n.office, o.office) as office,
  case when n.notice_type_raw is null then coalesce(o.notice_type, n.notice_type) else n.notice_type end as notice_type,
  coalesce(n.notice_type_raw, o.notice_type_raw) as notice_type_raw,
  coalesce(n.base_type, o.base_type) as base_type,
  case when keeps_posted then coalesce(o.posted_raw, n.posted_raw) else n.posted_raw end as posted_raw,
  case when keeps_deadline then coalesce(o.response_deadline_raw, n.response_deadline_raw) else n.response_deadline_raw end
    as response_deadline_raw,
  coalesce(n.archive_on, o.archive_on) as archive_on,
  coalesce(n.archive_type, o.archive_type) as archive_type,
  coalesce(n.naics_code, o.naics_code) as naics_code,
  -- The daily file states one code, the API a list that holds it.
  case when len(n.naics_codes) = 0 or len(n.naics_codes) = 1 and list_contains(o.naics_codes, n.naics_codes[1])
    then coalesce(o.naics_codes, n.naics_codes) else n.naics_codes end as naics_codes,
  coalesce(n.psc_code, o.psc_code) as psc_code,
  case when n.set_aside_raw is null then o.set_aside_code else n.set_aside_code end as set_aside_code,
  coalesce(n.set_aside_raw, o.set_aside_raw) as set_aside_raw,
  coalesce(n.set_aside_text, o.set_aside_text) as set_aside_text,
  coalesce(n.place_street, o.place_street) as place_street,
  coalesce(n.place_city, o.place_city) as place_city,
  coalesce(n.place_state, o.place_state) as place_state,
  coalesce(n.place_zip, o.place_zip) as place_zip,
  coalesce(n.place_country, o.place_country) as place_country,
  coalesce(n.office_city, o.office_city) as office_city,
  coalesce(n.office_state, o.office_state) as office_state,
  coalesce(n.office_zip, o.office_zip) as office_zip,
  coalesce(n.office_country, o.office_country) as office_country,
  coalesce(n.award_number, o.award_number) as award_number,
  coalesce(n.award_on, o.award_on) as award_on,
  coalesce(n.award_ceiling_usd, o.award_ceiling_usd) as award_ceiling_usd,
  coalesce(n.awardee_name, o.awardee_name) as awardee_name,
  case when n.contacts = '[]' then coalesce(o.contacts, '[]') else n.contacts end as contacts,
  coalesce(n.description_text, o.description_text) as description_text,
  coalesce(n.description_url, o.description_url) as description_url,
  case when len(n.attachment_urls) = 0 then coalesce(o.attachment_urls, n.attachment_urls) else n.attachment_urls end as attachment_urls,
  -- SAM.gov writes the address of a notice in two forms; the newer one stays, or two feeds would take turns for ever.
  case when o.url like 'https://sam.gov/workspace/contract/opp/%' and n.url = 'https://sam.gov/opp/' || n.notice_id || '/view'
    then o.url else coalesce(n.url, o.url) end as url,
  coalesce(n.is_active_raw, o.is_active_raw) as is_active_raw,
  n.kind as kind,
  coalesce(n.eligibility_codes, o.eligibility_codes) as eligibility_codes,
  coalesce(n.eligibility_text, o.eligibility_text) as eligibility_text,
  coalesce(n.aln_codes, o.aln_codes) as aln_codes,
  coalesce(n.funding_category_codes, o.funding_category_codes) as funding_category_codes,
  coalesce(n.funding_instrument_codes, o.funding_instrument_codes) as funding_instrument_codes,
  case when n.eligibility_codes is null and n.funding_category_codes is null then o.unknown_codes else n.unknown_codes end as unknown_codes,
  coalesce(n.award_floor_usd, o.award_floor_usd) as award_floor_usd,
  coalesce(n.program_funding_usd, o.program_funding_usd) as program_funding_usd,
  coalesce(n.expected_awards, o.expected_awards) as expected_awards,
  coalesce(n.has_cost_sharing, o.has_cost_sharing) as has_cost_sharing,
  coalesce(n.modified_on, o.modified_on) as modified_on,
  -- A flag goes with the field it speaks of; those of times are found again from the merged fields.
  list_distinct(list_concat(
    list_filter(n.flags, lambda f: not (starts_with(f, 'deadline_') or starts_with(f, 'posted_'))),
    list_filter(coalesce(o.flags, []), lambda f:
      starts_with(f, 'naics_') and n.naics_code is null or starts_with(f, 'psc_') and n.psc_code is null
      or starts_with(f, 'set_aside_') and n.set_aside_raw is null or starts_with(f, 'award_') and n.award_ceiling_usd is null
      or starts_with(f, 'text_') and n.description_text is null
      or f = 'code_unknown' and n.eligibility_codes is null and n.funding_category_codes is null))) as flags
from pairs
