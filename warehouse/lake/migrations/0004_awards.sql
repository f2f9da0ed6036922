-- What the government has bought: facts of the market, never something to answer.

-- One row per award: what its source said of it last.
create table if not exists core.awards (
  source varchar not null,
  award_id varchar not null,            -- the source's own id (generated_internal_id)
  piid varchar,                         -- number of the contract or order
  parent_piid varchar,                  -- number of the contract that an order is under
  description varchar,
  recipient_name varchar,
  recipient_uei varchar,
  agency varchar,                       -- department or independent agency
  sub_agency varchar,
  agency_key varchar not null,          -- one spelling of the agency's name, see warehouse/domain/buyer.py
  naics_code varchar,
  psc_code varchar,
  set_aside_code varchar,               -- null: none or not stated
  place_state varchar,
  obligated_usd decimal(18, 2),         -- promised so far, all actions added up; 0 and less occur
  ceiling_usd decimal(18, 2),           -- with all options; null where the source does not state it
  signed_on date,
  starts_on date,
  ends_on date,
  modified_on date,                     -- the source's last change; the newest one is kept
  url varchar not null,
  flags varchar[] not null,             -- what was odd, e.g. naics_unreadable, not_a_contract
  content_hash varchar not null,
  first_seen_at timestamptz not null,
  changed_at timestamptz not null,      -- landing of the file that said what stands here
  landing_order bigint not null         -- that file
);
