-- One row per holder and NAICS code: how many awards, what was obligated, for how many agencies, and when the last one ends.
-- Read by: the Market page.
-- From: core.awards. A holder is its UEI; where none is stated, its name in capitals.
-- Key: competitor_id
with held as (
  select coalesce(recipient_uei, upper(recipient_name)) as holder_id, recipient_name, recipient_uei,
    coalesce(naics_code, 'not stated') as naics_code, agency_key, obligated_usd, ends_on, modified_on, award_id
  from core.awards where not list_contains(flags, 'not_a_contract') and coalesce(recipient_uei, recipient_name) is not null
)
select holder_id || ' | ' || naics_code as competitor_id, holder_id, naics_code,
  arg_max(recipient_name, (coalesce(modified_on, date '0001-01-01'), award_id)) as recipient_name,
  any_value(recipient_uei) as recipient_uei, count(*) as awards, coalesce(sum(obligated_usd), 0) as obligated_usd,
  count(distinct agency_key) as agencies, max(ends_on) as last_ends_on, count(*) filter (ends_on >= (select today from world)) as running
from held
group by holder_id, naics_code
