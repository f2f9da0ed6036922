-- One row per agency (first and second level) of what can be answered now: how much there is and how well it fits.
-- Read by: the Dashboard, capture planning.
-- From: core.ledger_opportunities, core.notice_contents.
-- Key: agency_key
select
  concat_ws(' > ', coalesce(v.agency, 'not stated'), v.sub_agency) as agency_key,
  coalesce(v.agency, 'not stated') as agency,
  v.sub_agency,
  count(*) as open_opportunities,
  count(*) filter (l.recommendation = 'pursue') as pursue,
  count(*) filter (l.recommendation = 'watch') as watch,
  count(*) filter (l.recommendation = 'pass') as pass,
  max(l.fit_score) as best_fit_score,
  median(l.fit_score)::integer as median_fit_score,
  min(v.response_deadline_at) as next_deadline_at,
  max(l.scorer) as scorer,
  max(l.profile_version) as profile_version,
  max(l.scored_at) as last_scored_at
from core.ledger_opportunities l
join core.notice_contents v on v.source = l.source and v.notice_id = l.notice_id and v.content_hash = l.content_hash
where l.is_open
group by agency_key, v.agency, v.sub_agency
