-- What the press says: facts of the market, never something to answer. Of a story only its headline, publisher, day and address.

-- One row per story: under one address and one headline, as it was told first.
create table if not exists core.articles (
  source varchar not null,
  article_id varchar not null,          -- of the address without what only follows readers
  title varchar not null,
  title_key varchar not null,           -- the headline's letters and digits, without the publisher: the same story elsewhere
  publisher varchar,
  url varchar not null,
  published_at timestamptz,
  first_seen_at timestamptz not null,
  landing_order bigint not null         -- the file that told it
);
