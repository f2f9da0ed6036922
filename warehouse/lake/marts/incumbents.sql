-- One row per open opportunity and award that looks like the same work, now running or lately ended: up to three, the best first.
-- Read by: the Opportunity page.
-- From: core.ledger_opportunities, core.notice_versions, core.awards.
-- `score` is 0 to 100 points of evidence, no probability: 80 the award's number stands in the notice's text; 30 same NAICS code
-- (15: its first four digits); 20 same PSC (5: its first letter); 20 same sub-agency; 10 same state; 5 a telling word of the
-- title, at most 20. Only awards of the same agency are looked at, or such as are named. 80 and more is likely, 65 and more
-- possible, 50 and more weak; below 50 nothing is shown. Ended: at most a year before; starting later: none.
-- Key: incumbent_id
with wanted as (
  select l.opportunity_id, buyer_key_of(v.agency) as agency_key, buyer_key_of(v.sub_agency) as sub_agency_key, v.naics_code, v.psc_code, v.place_state,
    title_words(v.title) as words, contract_numbers(concat_ws(' ', v.title, v.description_text)) as named
  from core.ledger_opportunities l
  join core.notice_versions v on v.source = l.source and v.notice_id = l.notice_id and v.content_hash = l.content_hash
  where l.is_open
)
select 1
