-- One row per NAICS code of what can be answered now: how much there is and how well it fits.
-- Read by: the Dashboard, capture planning.
-- From: core.ledger_opportunities, core.notice_contents.
-- Key: naics_code
select
  coalesce(v.naics_code, 'not stated') as naics_code,
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
group by coalesce(v.naics_code, 'not stated')
