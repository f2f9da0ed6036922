-- How far grouping has come, so that a pass looks at what is new only.

-- One row, or none: then the next pass looks at everything.
create table if not exists core.grouping_state (
  as_of timestamptz not null,           -- the latest instant that was grouped for
  rules varchar not null,               -- SHA-256 of what decides how notices are grouped
  versions bigint not null,             -- rows of core.notice_versions then
  last_version bigint not null,         -- the highest row number among them
  last_sighting bigint not null         -- and among those of core.notice_sightings
);
