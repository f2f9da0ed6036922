-- Grants beside contracts: whom they are for, what they fund, and when their source changed them last.
alter table core.notice_versions add column if not exists kind varchar default 'contract';  -- contract | grant
alter table core.notice_versions add column if not exists eligibility_codes varchar[];      -- Grants.gov's codes, see warehouse/domain/grants.py
alter table core.notice_versions add column if not exists eligibility_text varchar;         -- what the agency says beside the codes
alter table core.notice_versions add column if not exists aln_codes varchar[];              -- Assistance Listing numbers (once CFDA)
alter table core.notice_versions add column if not exists funding_category_codes varchar[];
alter table core.notice_versions add column if not exists funding_instrument_codes varchar[];
alter table core.notice_versions add column if not exists unknown_codes varchar[];          -- what was no known code, as stated: eligibility=77
alter table core.notice_versions add column if not exists award_floor_usd decimal(18, 2);   -- null: unknown; the ceiling is award_ceiling_usd
alter table core.notice_versions add column if not exists program_funding_usd decimal(18, 2);
alter table core.notice_versions add column if not exists expected_awards integer;
alter table core.notice_versions add column if not exists has_cost_sharing boolean;
alter table core.notice_versions add column if not exists modified_on date;                 -- the source's last change; null where it states none
create or replace view core.notices as
select v.*, s.feeds, s.last_seen_at, s.last_seen_order,
  row_number() over (partition by v.source, v.notice_id order by s.last_seen_order desc, s.last_seen_position desc) = 1 as is_current
from core.notice_versions v join core.notice_sightings s using (source, notice_id, content_hash);
