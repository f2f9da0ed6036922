-- What was purged does not come back: not by reading a file that lay in the landing before, nor by building the lake again.

-- One row per purged notice, by hash only; a copy of the ledger's tombstones.
create table if not exists core.purged_notices (
  subject_hash varchar not null,        -- SHA-256, hex, of source, unit separator, notice id
  up_to_order bigint not null           -- files landed later may bring the notice anew
);
