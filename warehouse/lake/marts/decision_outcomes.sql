-- One row per decision to pursue (qualified) or to pass (disqualified), beside what the ranker had said by then.
-- Read by: whoever judges the ranker by this firm's own decisions.
-- From: core.decisions, marts.fit_history, core.ledger_opportunities.
-- `is_last` marks the one that stands; `agrees` is null where the ranker said watch, or nothing; no person is named.
-- Key: decision_id
with decided as (
  select *, decision_id = max(decision_id) over (partition by opportunity_id) as is_last from core.decisions
)
select
  d.decision_id,
  d.opportunity_id,
  d.decided_at,
  if(d.status = 'qualified', 'pursue', 'pass') as decision,
  d.is_last,
  h.fit_score,
  h.recommendation,
  if(h.recommendation = 'watch', null, h.recommendation = if(d.status = 'qualified', 'pursue', 'pass')) as agrees,
  h.rule,
  h.scorer,
  h.profile_version,
  h.scored_at,
  l.status as status_now
from decided d
asof left join marts.fit_history h on h.opportunity_id = d.opportunity_id and h.scored_at <= d.decided_at
left join core.ledger_opportunities l on l.opportunity_id = d.opportunity_id
where d.status in ('qualified', 'disqualified')
