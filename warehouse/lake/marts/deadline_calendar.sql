-- One row per day (the office's own date) on which something that can be answered now is due.
-- Read by: the deadline calendar, planning of who is needed when.
-- From: core.ledger_opportunities, core.notice_contents. What states no deadline is not here.
-- Key: due_on
select
  ((v.response_deadline_at at time zone 'UTC') + to_minutes(coalesce(v.response_deadline_offset_minutes, 0)))::date as due_on,
  count(*) as open_opportunities,
  count(*) filter (l.recommendation = 'pursue') as pursue,
  count(*) filter (l.recommendation = 'watch') as watch,
  min(v.response_deadline_at) as first_deadline_at,
  min(l.safe_deadline_at) as first_safe_deadline_at,
  max(l.fit_score) as best_fit_score
from core.ledger_opportunities l
join core.notice_contents v on v.source = l.source and v.notice_id = l.notice_id and v.content_hash = l.content_hash
where l.is_open and v.response_deadline_at is not null
group by due_on
