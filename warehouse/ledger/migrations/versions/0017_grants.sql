-- What an opportunity offers, and what a grant has instead of industry, product and set-aside.
alter table opportunities
  add column kind text not null default 'contract' check (kind in ('contract', 'grant')),
  add column eligibility_codes text[] not null default '{}',        -- Grants.gov's codes, see warehouse/domain/grants.py
  add column eligibility_text text,
  add column aln_codes text[] not null default '{}',                -- Assistance Listing numbers
  add column funding_category_codes text[] not null default '{}',
  add column funding_instrument_codes text[] not null default '{}',
  add column award_floor_usd numeric(18, 2),                        -- null: unknown; the ceiling is value_usd
  add column program_funding_usd numeric(18, 2),
  add column expected_awards integer,
  add column has_cost_sharing boolean;
create index on opportunities (id) where kind = 'grant' and is_open;
grant update (kind, eligibility_codes, eligibility_text, aln_codes, funding_category_codes, funding_instrument_codes, award_floor_usd,
  program_funding_usd, expected_awards, has_cost_sharing) on opportunities to procura_pipeline;
