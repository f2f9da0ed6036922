-- What was said and decided stays: rows are appended, never changed; only a purge removes them.

-- One row per fit score ever given, with scorer, profile version and time: any past score can be explained.
create table if not exists marts.fit_history (
  score_id bigint not null,             -- of the ledger's fit_scores
  opportunity_id varchar not null,
  content_hash varchar not null,        -- the version of the notice that was scored
  profile_version varchar not null,
  scorer varchar not null,              -- ranker and word table
  rule varchar,                         -- the hard rule that decided, if one did
  fit_score integer not null,
  recommendation varchar not null,
  reasons varchar not null,             -- JSON list of {kind, text, evidence, points}
  as_of timestamptz not null,           -- the instant at which deadlines were judged
  scored_at timestamptz not null
);
-- One row per band of each reliability diagram the product ever came with: what chance was told, what share came.
create table if not exists marts.fit_reliability (
  version varchar not null,             -- hash of the learned chances
  ranker varchar not null,
  learned_from varchar not null,        -- hash of the fit set
  band integer not null,                -- 1 holds the lowest scores
  score_from integer not null,
  score_to integer not null,
  told double not null,                 -- mean chance, 0 to 1
  came double not null,                 -- share that was won
  pairs integer not null,
  won integer not null,
  recorded_at timestamptz not null
);
-- One row per decision of a person about an opportunity; who it was stays in the audit log.
create table if not exists core.decisions (
  decision_id bigint not null,          -- number of its audit record
  opportunity_id varchar not null,
  status varchar not null,              -- warehouse.domain.opportunity.OpportunityStatus
  decided_at timestamptz not null
);
