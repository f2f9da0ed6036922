-- One row per agency, sub-agency, NAICS code and federal fiscal year in which awards start: how many, and what was obligated.
-- Read by: the Market page.
-- From: core.awards. All money of an award counts for the year of its start; what states no start is under no year (0).
-- Key: spend_id
with spent as (
  select agency_key, coalesce(agency, 'not stated') as agency, coalesce(sub_agency, 'not stated') as sub_agency,
    coalesce(naics_code, 'not stated') as naics_code,
    -- A federal fiscal year begins on 1 October of the year before.
    coalesce(year(starts_on + interval 3 months), 0) as fiscal_year, obligated_usd, recipient_name
  from core.awards where not list_contains(flags, 'not_a_contract')
)
select concat_ws(' | ', agency_key, upper(sub_agency), naics_code, fiscal_year) as spend_id, agency_key, min(agency) as agency,
  min(sub_agency) as sub_agency, naics_code, fiscal_year, count(*) as awards, coalesce(sum(obligated_usd), 0) as obligated_usd,
  count(distinct upper(recipient_name)) as holders
from spent
group by agency_key, upper(sub_agency), naics_code, fiscal_year
