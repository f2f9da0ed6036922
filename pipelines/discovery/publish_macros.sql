-- What the ledger can hold: PostgreSQL refuses some of what a source may send, and one such row would stop all others.
-- As it came it stands in the landing. DuckDB's SQL, on the lake's cursor for the time of one publishing.

-- A zero or half of a surrogate pair, escaped in JSON, is refused; whole pairs and escaped backslashes stay as they are.
create or replace temp macro without_bad_escapes(x) as case when contains(x, '\u') then regexp_replace(x,
  '(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\1', 'g') else x end;
create or replace temp macro sound_json(x) as
  case when json_valid(without_bad_escapes(x)) then without_bad_escapes(x) else '[]' end;
create or replace temp macro sound_list(x) as
  to_json(coalesce(list_transform(x, lambda item: replace(coalesce(item, ''), chr(0), '')), []))::varchar;
-- An index entry holds some 2,700 bytes; longer names and codes are damage.
create or replace temp macro sound_name(x) as left(x, 300);
create or replace temp macro sound_code(x) as left(x, 40);
create or replace temp macro sound_title(x) as coalesce(nullif(trim(left(x, 4000)), ''), '(no title)');
-- Outside these years an instant is a typing error of the source; as published it stands in due_raw.
create or replace temp macro sound_instant(x) as
  case when x >= timestamptz '0002-01-01 00:00:00+00' and x < timestamptz '9999-01-01 00:00:00+00' then x end;
create or replace temp macro sound_day(x) as case when x >= date '0002-01-01' and x < date '9999-01-01' then x end;
