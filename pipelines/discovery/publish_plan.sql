-- What must change in the ledger so that it shows what the lake says. DuckDB's SQL; only keys and hashes are read.
-- Given: `ledger_rows` (id, row_hash, is_open, is_demo, is_decided, is_touched, decided_at, merged_into) and
-- `ledger_aliases` (alias_id, opportunity_id), as the ledger holds them now.

-- One row per id that a person touched in the ledger and that regrouping made obsolete.
create or replace temp table touched_aliases as
select a.alias_id, a.opportunity_id, l.is_decided, l.decided_at
from core.opportunity_aliases a join ledger_rows l on l.id = a.alias_id where l.is_touched;

-- One row per opportunity that the ledger must show: open, touched by a person, or survivor of a touched one.
create or replace temp table wanted as
select opportunity_id, row_hash from core.opportunities
where is_open
  or opportunity_id in (select id from ledger_rows where is_touched)
  or opportunity_id in (select opportunity_id from touched_aliases);

-- One row per survivor that takes over a decision: the latest one, and only where nobody decided on the survivor itself.
create or replace temp table inherited as
select t.opportunity_id, max_by(t.alias_id, (coalesce(t.decided_at, '-infinity'::timestamptz), t.alias_id)) as alias_id
from touched_aliases t left join ledger_rows l on l.id = t.opportunity_id
where t.is_decided and not coalesce(l.is_touched, false)
group by t.opportunity_id;

-- One row per opportunity whose row must be written.
create or replace temp table sending as
select opportunity_id from wanted w left join ledger_rows l on l.id = w.opportunity_id
where l.row_hash is distinct from w.row_hash or l.merged_into is not null
  or w.opportunity_id in (select opportunity_id from inherited);

-- One row per id that leaves the ledger: nobody touched it, or it was made up and real notices have come.
create or replace temp table leaving as
select id from ledger_rows anti join wanted on wanted.opportunity_id = id
where not is_touched or (is_demo and exists (select 1 from core.notice_versions where source <> 'demo'));

-- One row per touched id that the lake no longer shows: it stays, closed, and names its survivor.
create or replace temp table staying as
select l.id, coalesce(t.opportunity_id, l.merged_into) as merged_into
from ledger_rows l
anti join core.opportunities o on o.opportunity_id = l.id
anti join leaving g on g.id = l.id
left join touched_aliases t on t.alias_id = l.id
where l.is_open or coalesce(t.opportunity_id, l.merged_into) is distinct from l.merged_into;

create or replace temp table aliases_sending as
select alias_id, a.opportunity_id from core.opportunity_aliases a left join ledger_aliases l using (alias_id)
where l.opportunity_id is distinct from a.opportunity_id;
create or replace temp table aliases_leaving as
select alias_id from ledger_aliases anti join core.opportunity_aliases using (alias_id);
