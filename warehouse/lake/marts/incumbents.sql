-- One row per open opportunity and award that looks like the same work, running now or lately ended: up to three, the best first.
-- Read by: the Opportunity page.
-- From: core.ledger_opportunities, core.notice_contents, core.awards.
-- `score` is 0 to 100 points of evidence, no probability: 80 where the notice's text names the contract; 30 same NAICS code
-- (15: its first four digits alone); 20 same PSC; 20 same sub-agency; 10 same state; 5 a word shared with the title, at most 20.
-- 80 and more is likely, 65 and more possible, 50 and more weak; below 50 nothing is shown. Looked at are awards of the same
-- agency and industry group with the same PSC or sub-agency that run or ended at most a year ago (of these, words are compared with
-- the sixty that have the most other points), and whatever is named.
-- Key: incumbent_id
with filler as (
  select ['SERVICE', 'SERVICES', 'SUPPORT', 'CONTRACT', 'CONTRACTS', 'AWARD', 'ORDER', 'TASK', 'SYSTEM', 'SYSTEMS', 'PROGRAM',
    'PROJECT', 'REQUIREMENT', 'REQUIREMENTS', 'PURCHASE', 'OPTION', 'YEAR', 'BASE', 'WITH', 'FROM', 'THIS', 'THAT', 'OTHER', 'NOTICE',
    'INTENT', 'SOURCES', 'SOUGHT', 'SOLICITATION', 'REQUEST', 'INFORMATION', 'PROPOSAL', 'QUOTE', 'AMENDMENT', 'SOLE', 'SOURCE'] as words
), noticed as (
  select l.opportunity_id, v.agency, v.sub_agency, v.naics_code, left(v.naics_code, 4) as industry, v.psc_code, upper(v.place_state) as place_state,
    list_distinct(list_filter(regexp_extract_all(upper(v.title), '[A-Z]{4,}'), lambda w: not list_contains(words, w))) as title_words,
    -- Contract numbers are 13 to 17 signs long, with dashes or without; what is none finds no award.
    list_distinct(list_transform(regexp_extract_all(upper(concat_ws(' ', v.title, v.description_text)), '[A-Z0-9][A-Z0-9-]{8,22}[A-Z0-9]'),
      lambda n: replace(n, '-', ''))) as numbers
  from core.ledger_opportunities l
  join core.notice_contents v on v.source = l.source and v.notice_id = l.notice_id and v.content_hash = l.content_hash, filler
  where l.is_open
), buyers as (
  select name, buyer_key(name) as key
  from (select agency as name from noticed union select sub_agency from noticed union select sub_agency from core.awards) where name is not null
), wanted as (
  select n.* exclude (agency, sub_agency), a.key as agency_key, s.key as sub_key
  from noticed n left join buyers a on a.name = n.agency left join buyers s on s.name = n.sub_agency
), held as (
  select w.*, left(w.naics_code, 4) as industry, b.key as sub_key, replace(upper(w.piid), '-', '') as number,
    replace(upper(w.parent_piid), '-', '') as parent_number, upper(w.place_state) as state,
    w.ends_on >= (today - interval 1 year)::date and coalesce(w.starts_on, w.signed_on, today) <= today as is_current
  from core.awards w left join buyers b on b.name = w.sub_agency, world
  where not list_contains(w.flags, 'not_a_contract') and w.recipient_name is not null
), mentioned as (
  select opportunity_id, unnest(numbers) as number from wanted
), alike as (
  select w.opportunity_id, unnest(max_by(h.award_id, case when h.naics_code = w.naics_code then 30000 else 15000 end
      + coalesce(h.psc_code = w.psc_code, false)::int * 20000 + coalesce(h.sub_key = w.sub_key, false)::int * 20000
      + coalesce(h.state = w.place_state, false)::int * 10000 + date_diff('month', date '1970-01-01', least(h.ends_on, date '2100-01-01')), 60)) as award_id
  from wanted w join held h on h.agency_key = w.agency_key and h.industry = w.industry
  where h.is_current and (h.sub_key = w.sub_key or h.psc_code = w.psc_code)
  group by w.opportunity_id
), candidates as (
  select *, false as is_named from alike
  union all
  -- An order of the contract that is named holds the work as well as the contract itself.
  select m.opportunity_id, h.award_id, true from mentioned m join held h on h.number = m.number
  union all
  select m.opportunity_id, h.award_id, true from mentioned m join held h on h.parent_number = m.number where h.is_current
), told as (
  select opportunity_id, award_id, bool_or(is_named) as is_named from candidates group by all
), evidence as (
  select t.opportunity_id, h.*, t.is_named, w.title_words,
    coalesce(h.naics_code = w.naics_code, false) as same_naics, coalesce(h.industry = w.industry, false) as same_industry,
    coalesce(h.psc_code = w.psc_code, false) as same_psc, coalesce(h.sub_key = w.sub_key and w.sub_key <> '', false) as same_sub_agency,
    coalesce(h.state = w.place_state, false) as same_state
  from told t join wanted w using (opportunity_id) join held h using (award_id)
), worded as (
  select * exclude (title_words, description), description,
    list_sort(list_intersect(title_words, list_distinct(regexp_extract_all(upper(description), '[A-Z]{4,}')))) as shared
  from evidence
), scored as (
  select *, least(100, is_named::int * 80 + case when same_naics then 30 when same_industry then 15 else 0 end
    + same_psc::int * 20 + same_sub_agency::int * 20 + same_state::int * 10 + least(20, 5 * len(coalesce(shared, []))))::integer as score
  from worded
)
select opportunity_id || ' | ' || award_id as incumbent_id, opportunity_id,
  row_number() over (partition by opportunity_id order by score desc, ends_on desc nulls last, award_id)::integer as place,
  score, case when score >= 80 then 'likely' when score >= 65 then 'possible' else 'weak' end as standing,
  is_named, same_naics, same_industry, same_psc, same_sub_agency, same_state, array_to_string(shared, ', ') as shared_words,
  award_id, recipient_name, recipient_uei, piid, parent_piid, agency, sub_agency, naics_code, psc_code, place_state, description,
  obligated_usd, ceiling_usd, starts_on, ends_on, url
from scored where score >= 50
qualify place <= 3
