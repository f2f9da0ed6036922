-- Which opportunities both sides say alike, so that nothing becomes of them: temporary tables `touched` and `alike` (id).
-- Given: temporary table `standings`, see published.py. DuckDB's SQL.
create or replace temp table touched as select id from standings where is_decided or has_workspace;

-- Touched ones and survivors have more to them than their own row.
create or replace temp table alike as
select s.id from standings s join core.opportunities o on o.opportunity_id = s.id and o.row_hash = s.row_hash
where o.is_open and s.id not in (from touched) and s.id not in (select opportunity_id from core.opportunity_aliases);
