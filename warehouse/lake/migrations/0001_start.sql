-- The lake's first shape. DuckDB's SQL; runs on the attached lake in the order of the file names; may run twice (a kill between).
create schema if not exists core;
create schema if not exists marts;

-- One row per file or answer as it lies in the landing, and how far it has been read.
create table if not exists core.landings (
  source varchar not null,
  landing_order bigint not null,        -- order of arrival, of the landing's sidecar
  sha256 varchar not null,
  feed varchar not null,                -- bulk_csv | v2_json
  origin varchar not null,              -- file name or address, without any key
  fetched_at timestamptz not null,
  next_position bigint not null,        -- records already read; the next slice begins here
  next_offset bigint not null,          -- the same as bytes of the plain (uncompressed) content
  next_line bigint not null,            -- the same as physical lines
  is_complete boolean not null,
  landed bigint not null,               -- records read = accepted + quarantined
  accepted bigint not null,
  quarantined bigint not null,
  unchanged bigint not null,
  versions bigint not null
);
-- One row per version of a notice: every content a source ever showed for a notice id.
create table if not exists core.notice_versions (
  source varchar not null,
  notice_id varchar not null,
  content_hash varchar not null,
  opportunity_id varchar not null,
  solicitation_number varchar,
  solicitation_key varchar not null,    -- upper case, no punctuation; the notice id where there is no usable number
  title varchar,
  agency varchar,                       -- department or independent agency, first level
  sub_agency varchar,                   -- second level
  office varchar,                       -- last level
  notice_type varchar not null,         -- warehouse.domain.notice.NoticeType
  notice_type_raw varchar,
  base_type varchar,
  posted_at timestamptz,
  posted_raw varchar,
  posted_precision varchar not null,    -- instant | date | none | unreadable
  response_deadline_at timestamptz,
  response_deadline_raw varchar,
  response_deadline_offset_minutes integer,
  response_deadline_precision varchar not null,  -- warehouse.domain.deadlines.DeadlinePrecision
  archive_on date,
  archive_type varchar,
  naics_code varchar,                   -- 2 to 6 digits, as published
  naics_codes varchar[] not null,
  psc_code varchar,
  set_aside_code varchar,               -- null: none or not stated
  set_aside_raw varchar,
  set_aside_text varchar,
  place_street varchar,
  place_city varchar,
  place_state varchar,
  place_zip varchar,
  place_country varchar,
  office_city varchar,
  office_state varchar,
  office_zip varchar,
  office_country varchar,
  award_number varchar,
  award_on date,
  award_ceiling_usd decimal(18, 2),
  awardee_name varchar,
  contacts varchar not null,            -- JSON list of {role, title, name, email, phone, fax}
  description_text varchar,
  description_url varchar,
  attachment_urls varchar[] not null,
  url varchar,
  is_active_raw varchar,                -- as published; it stays "Yes" after the deadline
  flags varchar[] not null,             -- what was odd and how it was read, e.g. set_aside_from_json, naics_short
  first_seen_at timestamptz not null,
  first_seen_order bigint not null
);
-- One row per version of a notice, narrow: when it was last seen and through which feed. The latest is current.
create table if not exists core.notice_sightings (
  source varchar not null,
  notice_id varchar not null,
  content_hash varchar not null,
  feeds varchar not null,               -- comma separated, sorted
  last_seen_at timestamptz not null,
  last_seen_order bigint not null,
  last_seen_position bigint not null,
  record_hash ubigint                   -- of the raw record that was seen last, with the reader's rules: the same again needs no reading
);
-- One row per record that could not be read: reason, position and the bytes as they came.
create table if not exists core.quarantine (
  quarantine_id varchar not null,       -- landing sha256 and position
  source varchar not null,
  landing_sha256 varchar not null,
  landing_order bigint not null,
  origin varchar not null,
  position bigint not null,             -- 1 is the file's first record
  line bigint,                          -- physical line where the record begins
  reason varchar not null,
  raw blob not null,
  quarantined_at timestamptz not null,
  resolved_at timestamptz               -- set when a retry could read it
);
-- One row per opportunity as of the last run: the solicitation seen through its latest notice.
create table if not exists core.opportunities (
  opportunity_id varchar not null,
  source varchar not null,
  notice_id varchar not null,
  content_hash varchar not null,
  solicitation_key varchar not null,
  notice_count integer not null,
  version_count integer not null,
  first_posted_at timestamptz,
  posted_at timestamptz,
  notice_type varchar not null,
  response_deadline_at timestamptz,
  response_deadline_offset_minutes integer,
  safe_deadline_at timestamptz,
  archive_on date,
  is_biddable boolean not null,
  is_open boolean not null,             -- biddable now, and not past its deadline or archive date
  row_hash varchar not null
);
-- One row per id that regrouping made obsolete.
create table if not exists core.opportunity_aliases (
  alias_id varchar not null,
  opportunity_id varchar not null
);
-- One row per published opportunity: what the ledger says of it (decisions, scores), for SQL and marts.
create table if not exists core.ledger_opportunities (
  opportunity_id varchar not null,
  source varchar not null,
  notice_id varchar not null,           -- the notice that speaks for it
  content_hash varchar not null,
  status varchar not null,
  status_changed_at timestamptz,
  fit_score integer,
  recommendation varchar,
  reasons varchar,                      -- JSON list of {kind, text, evidence, points}
  scorer varchar,
  profile_version varchar,
  scored_at timestamptz,
  is_open boolean not null,
  safe_deadline_at timestamptz
);
-- Every version with first and last seen; `is_current` marks the one that its source shows now.
create or replace view core.notices as
select v.*, s.feeds, s.last_seen_at, s.last_seen_order,
  row_number() over (partition by v.source, v.notice_id order by s.last_seen_order desc, s.last_seen_position desc) = 1 as is_current
from core.notice_versions v join core.notice_sightings s using (source, notice_id, content_hash);
