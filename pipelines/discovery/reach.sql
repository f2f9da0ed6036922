-- One step from the reached opportunities to their notices and back, again until nothing is added. DuckDB's SQL.
-- Given: temporary tables `reached_opportunities` (opportunity_id) and `reached_notices` (notice_id).

-- By a whole number (see seen_notices.sql) GovCon API's notices come to an opportunity whose id none of their versions bears.
create or replace temp table reached_keys as
select distinct solicitation_key from core.notice_versions
where strlen(solicitation_key) >= 13
  and (opportunity_id in (from reached_opportunities) or notice_id in (from reached_notices));

create or replace temp table reached_notices as
select distinct notice_id from core.notice_versions
where opportunity_id in (from reached_opportunities) or notice_id in (from reached_notices)
  or solicitation_key in (from reached_keys);

create or replace temp table reached_opportunities as
select opportunity_id from reached_opportunities
union select opportunity_id from core.notice_versions semi join reached_notices using (notice_id);
