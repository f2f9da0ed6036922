-- What each mart was last made of, so that it is not made again while none of that has changed.

-- One row per mart that was made by this release.
create table if not exists core.mart_marks (
  name varchar not null,
  mark varchar not null                 -- SHA-256 of its statement, its day or instant, and how the tables it reads stood
);
