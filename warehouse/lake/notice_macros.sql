-- The rules by which a notice's fields are read, as DuckDB macros: one place for reading, merging and their tests.

-- A field on one line: outer blanks gone, inner ones single; nothing for an empty one. The regular expression is called
-- only where something is to be done: that is five times faster.
create or replace macro line_of(x) as nullif(trim(case
  when contains(x, '  ') or contains(x, chr(10)) or contains(x, chr(13)) or contains(x, chr(9)) then regexp_replace(x, '\s+', ' ', 'g')
  else x end), '');

-- The same for codes, dates and other short fields that hold no inner blanks to tidy.
create or replace macro short_of(x) as nullif(case when starts_with(x, ' ') or ends_with(x, ' ') or contains(x, chr(10))
  then trim(regexp_replace(x, '\s+', ' ', 'g')) else x end, '');

-- The same with HTML entities decoded; `unescape_html` is Python's.
create or replace macro words_of(x) as line_of(case when contains(x, '&') then unescape_html(x) else x end);

-- A field that says "null" in letters says nothing.
create or replace macro stated(x) as case when lower(x) in ('null', 'none', 'n/a') then null else x end;

-- A place's part as the API writes it: an object with name and code, or the plain text.
create or replace macro named(x, first, second) as case when starts_with(x, '{')
  then coalesce(nullif(trim(x ->> ('$.' || first)), ''), nullif(trim(x ->> ('$.' || second)), '')) else x end;

-- A link or a text without anybody's key. Long texts are only searched, not copied, where there is nothing to do.
create or replace macro keyless(x) as case when contains(x, 'pi_key=') or contains(x, 'PI_KEY=') or contains(x, 'pi_Key=') then
  regexp_replace(regexp_replace(x, '([?&])api_key=[^&#\s"''<>]*&?', '\1', 'gi'), '[?&]+($|[#\s"''<>])', '\1', 'g') else x end;
create or replace macro trimmed_text(x) as nullif(case
  when starts_with(x, ' ') or ends_with(x, ' ') or starts_with(x, chr(10)) or ends_with(x, chr(10)) or starts_with(x, chr(13))
    or ends_with(x, chr(9)) then regexp_replace(x, '^\s+|\s+$', '', 'g') else x end, '');
create or replace macro is_link(x) as coalesce(lower(left(x, 7)) in ('http://', 'https:/') and strlen(x) < 4000
  and not contains(x, ' ') and not contains(x, chr(10)), false);
create or replace macro link_of(x) as case when is_link(trimmed_text(x)) then keyless(trimmed_text(x)) end;

-- A day, from "2026-04-10", "2026-04-10 …" or "04/10/2026"; nothing when it is none.
create or replace macro sane_day(d) as case when d between date '1970-01-01' and date '2199-12-31' then d end;
create or replace macro day_of(x) as sane_day(case
  when regexp_matches(x, '^\d{4}-\d{2}-\d{2}([T ]|$)') then try_cast(left(x, 10) as date)
  when regexp_matches(x, '^\d{2}/\d{2}/\d{4}$') then try_cast(try_strptime(x, '%m/%d/%Y') as date) end);

-- A time of day as published: which of the three forms, its offset, the instant.
create or replace macro local_of(x) as case
  when try_cast(left(x, 10) as date) between date '1970-01-01' and date '2199-12-31'
  then try_cast(replace(regexp_extract(x, '^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?'), 'T', ' ') as timestamp) end;
create or replace macro stated_offset_of(x) as case when upper(right(x, 1)) = 'Z' then 0 else
  (case when regexp_extract(x, '([+-])\d{2}:?\d{0,2}$', 1) = '-' then -1 else 1 end)
  * (try_cast(regexp_extract(x, '[+-](\d{2}):?\d{0,2}$', 1) as integer) * 60
     + coalesce(try_cast(nullif(regexp_extract(x, '[+-]\d{2}:?(\d{2})$', 1), '') as integer), 0)) end;
create or replace macro time_form(x, local, stated_offset) as case
  when x is null then 'none'
  when local is null then 'unreadable'
  when length(x) = 10 then 'date'
  when regexp_matches(x, '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?$') then 'assumed_zone'
  -- Offsets in use lie between -12:00 and +14:00; anything else is a slip.
  when stated_offset between -720 and 840
    and regexp_matches(x, '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)? ?([zZ]|[+-]\d{2}(:?\d{2})?)$') then 'instant'
  else 'unreadable' end;
-- `day_end`: a bare date means the end of that day (a deadline) rather than its beginning (a posting).
create or replace macro instant_of(local, stated_offset, form, zone, day_end) as case form
  when 'instant' then timezone('UTC', local - to_minutes(stated_offset))
  when 'assumed_zone' then timezone(zone, local)
  when 'date' then timezone(zone, local + case when day_end then interval '23:59:59' else interval '0' second end) end;
create or replace macro zone_offset_of(zone, moment) as cast(date_diff('minute', timezone('UTC', moment), timezone(zone, moment)) as integer);

-- Codes. What is no code is nothing; what was odd is a flag of its own.
create or replace macro naics_of(x) as case
  when regexp_matches(x, '^\d{2,6}$') then x
  when regexp_matches(x, '^\d{2,6}\.0+$') then split_part(x, '.', 1) end;
create or replace macro psc_of(x) as case when regexp_matches(upper(x), '^[A-Z0-9]{1,4}$') then upper(x) end;
create or replace macro set_aside_text_of(x) as upper(case
  when starts_with(x, '[') and json_valid(x) then x ->> '$[0]' else x end);
create or replace macro names_none(word) as coalesce(word, '') in ('NONE', 'NULL', 'N/A', '');
create or replace macro set_aside_of(word) as case when not names_none(word) and regexp_matches(word, '^[A-Z0-9]{1,12}$') then word end;
create or replace macro dollars_of(x) as case
  when regexp_matches(x, '^\$?[0-9][0-9,]*(\.[0-9]+)?$') then try_cast(replace(replace(x, ',', ''), '$', '') as decimal(18, 2)) end;

-- SAM.gov's ids are 32 hexadecimal digits, in one case everywhere.
create or replace macro notice_id_of(x) as case when strlen(x) = 32 and regexp_matches(x, '^[0-9A-Fa-f]{32}$') then lower(x) else x end;

-- The group key: which notices are of one solicitation. Spelling variants meet (2025-SPRDL125Q0054, SPRDL1-25-Q-0054);
-- a placeholder (TBD, N/A, RFI) is no number, and then a notice stands for itself.
create or replace macro letters_and_digits(x) as case
  when regexp_matches(x, '^[A-Z0-9]*$') then x else regexp_replace(upper(x), '[^A-Z0-9]', '', 'g') end;
create or replace macro starts_with_year(x) as regexp_matches(x, '^\s*(19|20)\d{2}[^A-Za-z0-9]');
-- `plain` is letters_and_digits(x).
create or replace macro number_key(x, plain) as case
  when starts_with_year(x) and regexp_matches(plain, '^\d{4}([A-Z0-9]*[A-Z][A-Z0-9]*[0-9]|[A-Z0-9]*[0-9][A-Z0-9]*[A-Z])')
    and strlen(plain) >= 13 then substr(plain, 5)
  when strlen(plain) >= 4 and regexp_matches(plain, '[0-9]') then plain end;
-- Who told it first hand: GovCon API resells SAM.gov's notices, and they are grouped as SAM.gov's are.
create or replace macro first_hand(source) as case when source = 'govcon' then 'sam_gov' else source end;
-- `key` is number_key of the number: null stands for a notice without a usable number.
create or replace macro solicitation_key_of(key, notice_id) as coalesce(key, 'NOTICE' || notice_id);
create or replace macro opportunity_id_of(source, plain_agency, key, notice_id) as 'o' || left(sha256(source || '|'
  || case when key is null then '' else coalesce(plain_agency, '') end || '|' || solicitation_key_of(key, notice_id)), 24);

-- A list out of a text of words: how flags are gathered.
create or replace macro words_list(x) as case when x = '' then cast([] as varchar[]) else string_split(x, ',') end;

-- One field of the content hash: nothing is told apart from any text.
create or replace macro part(x) as coalesce(cast(x as varchar), chr(30));

-- Grants.gov's times: 11292011, 11/29/2011, "May 07, 2024 12:00:00 AM EDT", 2024-05-07. Midnight stands for the bare day, as an office
-- that names no time means it. Written as 2024-05-07 or 2024-05-07 17:00:00-04:00; what is none of them stays as it is.
create or replace macro us_offset_of(x) as case upper(x) when 'EST' then '-05:00' when 'EDT' then '-04:00' when 'CST' then '-06:00'
  when 'CDT' then '-05:00' when 'MST' then '-07:00' when 'MDT' then '-06:00' when 'PST' then '-08:00' when 'PDT' then '-07:00'
  when 'UTC' then '+00:00' when 'GMT' then '+00:00' else '' end;
create or replace macro written_day(moment, x) as coalesce(strftime(moment, '%Y-%m-%d'), x);
create or replace macro grant_time_of(x) as case
  when coalesce(trim(x), '') = '' then null
  when regexp_matches(trim(x), '^\d{8}$') then written_day(try_strptime(trim(x), '%m%d%Y'), trim(x))
  when regexp_matches(trim(x), '^\d{1,2}/\d{1,2}/\d{4}$') then written_day(try_strptime(trim(x), '%m/%d/%Y'), trim(x))
  when regexp_matches(trim(x), '^[A-Za-z]{3} \d{1,2}, \d{4} 12:00:00 AM( |$)') or regexp_matches(trim(x), '^[A-Za-z]{3} \d{1,2}, \d{4}$')
    then written_day(try_strptime(regexp_extract(trim(x), '^[A-Za-z]{3} \d{1,2}, \d{4}'), '%b %d, %Y'), trim(x))
  when regexp_matches(trim(x), '^[A-Za-z]{3} \d{1,2}, \d{4} \d{1,2}:\d{2}:\d{2} [AP]M') then coalesce(
    strftime(try_strptime(regexp_extract(trim(x), '^.* [AP]M'), '%b %d, %Y %I:%M:%S %p'), '%Y-%m-%d %H:%M:%S')
      || us_offset_of(regexp_extract(trim(x), ' [AP]M ([A-Z]{3})$', 1)), trim(x))
  else trim(x) end;

-- Lists of codes; `known` is a map from each spelling in lower case to the code it means. What it has not is "other".
create or replace macro code_list(x) as list_sort(list_distinct(list_filter(list_transform(x, lambda c: trim(c)), lambda c: c <> '')));
create or replace macro coded_list(x, known) as nullif(list_sort(list_distinct(list_transform(x, lambda c: coalesce(known[lower(c)], 'other')))), []);
create or replace macro unknown_in(name, x, known) as coalesce(list_transform(list_filter(x, lambda c: known[lower(c)] is null), lambda c: name || '=' || left(c, 80)), []);
