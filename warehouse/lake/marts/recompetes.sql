-- One row per award that ends within the next 18 months: work that will be bought again, or not.
-- Read by: the Market page, capture planning.
-- From: core.awards. `obligated_usd` is what was promised so far, no price; a ceiling only where the source states one.
-- Key: award_id
select a.award_id, a.agency_key, a.agency, a.sub_agency, a.naics_code, a.psc_code, a.set_aside_code, a.place_state,
  a.recipient_name, a.recipient_uei, a.piid, a.parent_piid, a.description, a.obligated_usd, a.ceiling_usd, a.starts_on, a.ends_on,
  a.modified_on, a.url
from core.awards a, world w
where a.ends_on >= w.today and a.ends_on < (w.today + interval 18 months)::date and not list_contains(a.flags, 'not_a_contract')
