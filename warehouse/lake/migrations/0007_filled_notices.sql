-- What SAM.gov leaves empty and GovCon API tells. A version stays as its source showed it; what it says together lies here.

-- One row per notice of SAM.gov that lacks something which GovCon API tells: its present version with the holes filled.
create table if not exists core.filled_notices as
select cast(null as varchar) as stated_hash,  -- content_hash of the version as SAM.gov showed it
  v.*
from core.notice_versions v limit 0;
-- Every content that an opportunity may show: versions as sources showed them, and filled ones.
create or replace view core.notice_contents as
select * from core.notice_versions union all by name select * exclude (stated_hash) from core.filled_notices;
