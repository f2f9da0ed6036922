-- Sources that count requests: what a run spent and why nothing came, and what is left, for all processes alike.

alter table discovery_runs
  add column requests_spent integer not null default 0 check (requests_spent >= 0),
  -- why it came to what it came to; '' while it goes on, and for runs before this column
  add column outcome text not null default ''
    check (outcome in ('', 'came', 'no_news', 'not_asked', 'no_key', 'key_refused', 'quota', 'broken', 'interrupted'));

-- One row a source that counts requests. Only counters of the product's own: no deed, so no audit record.
create table source_budgets (
  source text primary key,
  period_began timestamptz not null,         -- of the count; a later period begins at nought
  period_seconds integer not null check (period_seconds > 0),
  allowed integer not null check (allowed > 0),
  spent integer not null check (spent between 0 and allowed),
  spent_ever bigint not null check (spent_ever >= 0),
  faults integer not null default 0 check (faults >= 0), -- broken answers in a row
  closed_until timestamptz,                  -- not asked before it
  closed_because text not null default '' check (closed_because in ('', 'quota', 'broken')),
  check ((closed_until is null) = (closed_because = ''))
);
alter table source_budgets enable row level security;
alter table source_budgets force row level security;
create policy owner_works on source_budgets for all to procura_owner using (true) with check (true);
create policy whoever_acts_reads on source_budgets for select to procura_app using ((select acting_role()) <> '');
create policy analyst_reads on source_budgets for select to procura_analyst using (true);
create policy runs_count on source_budgets for all to procura_pipeline
  using ((select acting_role()) = 'system') with check ((select acting_role()) = 'system');
grant select on source_budgets to procura_app, procura_pipeline, procura_analyst;
grant insert, update on source_budgets to procura_pipeline;
