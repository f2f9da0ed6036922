-- One row per opportunity in the ledger: what can be answered, or was touched by a person.
-- Read by: people's scripts, spreadsheets, `procura sql`.
-- From: core.ledger_opportunities, core.notice_contents.
-- `reasons` is a JSON list of {kind, text, evidence, points}; null scores are not computed yet.
-- Key: opportunity_id
select
  l.opportunity_id,
  l.notice_id,
  l.source,
  v.solicitation_number,
  v.title,
  v.agency,
  v.naics_code,
  v.psc_code,
  v.set_aside_code,
  v.response_deadline_at,
  l.safe_deadline_at,
  l.status,
  l.fit_score,
  l.recommendation,
  l.reasons,
  l.scorer
from core.ledger_opportunities l
join core.notice_contents v on v.source = l.source and v.notice_id = l.notice_id and v.content_hash = l.content_hash
