-- Language models: what they were asked, what it cost, what they answered, what was concluded, and who disagrees.
-- Money is reserved before a call and settled after it, both by functions here: nobody writes llm_calls otherwise.

-- ------------------------------------------------------------------------------------------------ calls and answers
-- The hash is of prompt, model and schema version: the same question is never paid twice.
alter table llm_cache
  add column model text not null default '',
  add column schema_version text not null default '',
  add column call_id uuid;
-- One row per call of a model: reserved before it, settled after it.
create table llm_calls (
  id uuid primary key default gen_random_uuid(),
  prompt_hash text not null,                 -- the question, as in llm_cache
  provider text not null,
  model text not null,
  purpose text not null check (purpose in ('triage', 'analysis')),
  opportunity_id text not null,              -- no foreign key: what was paid stays when an opportunity goes
  -- open: sent, or about to be; answered; failed: nothing is owed; lost: no answer came, it may have been paid
  state text not null default 'open' check (state in ('open', 'answered', 'failed', 'lost')),
  reserved_usd numeric(12, 6) not null check (reserved_usd >= 0), -- the most it can cost; counts until it is settled
  cost_usd numeric(12, 6) check (cost_usd >= 0),
  input_tokens bigint,                       -- all of them, also those below
  cached_tokens bigint,                      -- of them read from the vendor's cache
  written_tokens bigint,                     -- of them written into it
  output_tokens bigint,
  price jsonb not null,                      -- USD per million tokens by kind, and the day the price was looked up
  latency_ms integer,
  request_id text not null default '',       -- the vendor's
  fault text not null default '' check (length(fault) <= 1000),
  asked_at timestamptz not null,
  open_until timestamptz not null,           -- whoever asked is taken for dead after this
  settled_at timestamptz,
  check ((state = 'open') = (settled_at is null)),
  check (state = 'open' or cost_usd is not null)
);
create unique index one_open_call_of_a_question on llm_calls (prompt_hash) where state = 'open';
create index on llm_calls (asked_at);
create index on llm_calls (opportunity_id);

-- ------------------------------------------------------------------------------------------------ conclusions
-- One row per stage of the cascade that a model decided; append-only. Rules and ranker: fit_scores.
create table assessments (
  id bigint generated always as identity primary key,
  opportunity_id text not null references opportunities on delete cascade,
  stage text not null check (stage in ('triage', 'analysis')),
  -- triage: passed_on or stopped; analysis: concluded or not_enough; either: unreadable (no answer could be used)
  outcome text not null check (outcome in ('passed_on', 'stopped', 'concluded', 'not_enough', 'unreadable')),
  why text not null check (btrim(why) <> '' and length(why) <= 2000),
  basis text not null,                       -- hash of content, profile, prompts, models and schema: unchanged, nobody is asked
  content_hash text not null,
  profile_version text not null,
  prompt_version text not null,
  provider text not null,                    -- who answered
  model text not null,
  fell_back_because text not null default '', -- why another than the first answered; '' when the first did
  score integer check (score between 0 and 100), -- of proven points alone (pipelines/qualification/rubric.py)
  recommendation text check (recommendation in ('pursue', 'watch', 'pass')),
  points jsonb not null default '[]',        -- proven: key, verdict, confidence, quotes with field and offsets
  dropped jsonb not null default '[]',       -- claimed and not proven, each with the reason
  flagged integer not null default 0,        -- passages of the notice that were left out
  cost_usd numeric(12, 6) not null check (cost_usd >= 0),
  asked_by text not null,                    -- a profile's id, or system
  at timestamptz not null,
  check ((outcome = 'concluded') = (score is not null) and (score is null) = (recommendation is null))
);
create index on assessments (opportunity_id, at desc);
create index on assessments (at);
-- What people say against a score: used for evaluation, changes nothing by itself.
create table disagreements (
  id uuid primary key default gen_random_uuid(),
  opportunity_id text not null references opportunities on delete cascade,
  assessment_id bigint references assessments on delete cascade, -- null: of the local score alone
  said text not null check (said in ('pursue', 'watch', 'pass', 'not_enough')),
  thinks text not null check (thinks in ('pursue', 'watch', 'pass')),
  reason text not null check (btrim(reason) <> '' and length(reason) <= 2000),
  by_id uuid not null references profiles,
  at timestamptz not null,
  check (said <> thinks)
);
create index on disagreements (opportunity_id);
create index on disagreements (at);

insert into system_settings (key, value) values ('llm_ceiling_day_usd', '5'), ('llm_ceiling_month_usd', '50'),
  ('llm_ceiling_vendor_day_usd', '5'), ('llm_ceiling_opportunity_cents', '50'), ('llm_ask_from_points', '63') on conflict do nothing;

-- ------------------------------------------------------------------------------------------------ who sees and who changes
do $$
declare t text;
begin
  foreach t in array array['llm_calls', 'assessments', 'disagreements'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy owner_works on %I for all to procura_owner using (true) with check (true)', t);
    execute format('create policy whoever_acts_reads on %I for select to procura_app using ((select acting_role()) <> %L)', t, '');
    execute format('create policy runs_read on %I for select to procura_pipeline using ((select acting_role()) = %L)', t, 'system');
    execute format('grant select on %I to procura_app, procura_pipeline', t);
  end loop;
  foreach t in array array['llm_calls', 'assessments'] loop
    execute format('create policy analyst_reads on %I for select to procura_analyst using (true)', t);
    execute format('grant select on %I to procura_analyst', t);
  end loop;
end $$;
create policy owner_answers on llm_cache for insert to procura_owner with check (true);
create policy runs_read on llm_cache for select to procura_pipeline using ((select acting_role()) = 'system');
grant select on llm_cache to procura_pipeline;
create policy runs_conclude on assessments for insert to procura_pipeline with check ((select acting_role()) = 'system');
grant insert on assessments to procura_pipeline;
create policy people_disagree on disagreements for insert to procura_app
  with check ((select acting_role()) in ('admin', 'contract_officer') and by_id::text = (select acting_person()));
grant insert (id, opportunity_id, assessment_id, said, thinks, reason, by_id, at) on disagreements to procura_app;

-- ------------------------------------------------------------------------------------------------ money
-- Which ceiling a further call of at most `most` would pass; null when it passes none. What is open counts whole.
create function llm_ceiling_passed(vendor text, opportunity text, most numeric, asked timestamptz) returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  today timestamptz := date_trunc('day', asked, 'UTC');
  spent record;
  limits jsonb;
begin
  select jsonb_object_agg(s.key, s.value) into limits from public.system_settings s where s.key like 'llm\_ceiling\_%';
  select coalesce(sum(c.owed) filter (where c.asked_at >= today), 0) as day,
      coalesce(sum(c.owed) filter (where c.asked_at >= today and c.provider = vendor), 0) as vendor_day,
      coalesce(sum(c.owed), 0) as month,
      (select coalesce(sum(coalesce(o.cost_usd, o.reserved_usd)), 0) from public.llm_calls o where o.opportunity_id = opportunity) as on_it
    into spent
    from (select l.asked_at, l.provider, coalesce(l.cost_usd, l.reserved_usd) as owed from public.llm_calls l
      where l.asked_at >= date_trunc('month', asked, 'UTC')) c;
  return case
    when spent.on_it + most > (limits ->> 'llm_ceiling_opportunity_cents')::numeric / 100 then 'opportunity'
    when spent.month + most > (limits ->> 'llm_ceiling_month_usd')::numeric then 'month'
    when spent.day + most > (limits ->> 'llm_ceiling_day_usd')::numeric then 'day'
    when spent.vendor_day + most > (limits ->> 'llm_ceiling_vendor_day_usd')::numeric then 'vendor_day'
  end;
end $$;
-- One at a time decides: whether the answer is there (cached), somebody asks it now (open), a ceiling stands against it, or
-- the money is set aside (reserved).
create function reserve_llm_call(question text, vendor text, wanted_model text, wanted_purpose text, opportunity text, most numeric,
  priced jsonb, asked timestamptz, lease interval, out call_id uuid, out verdict text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  perform pg_advisory_xact_lock(819);
  update public.llm_calls c set state = 'lost', cost_usd = c.reserved_usd, settled_at = asked, fault = 'whoever asked ended before the answer'
    where c.state = 'open' and c.open_until < asked;
  verdict := case
    when exists (select from public.llm_cache l where l.prompt_hash = question) then 'cached'
    when exists (select from public.llm_calls c where c.prompt_hash = question and c.state = 'open') then 'open'
    else coalesce(public.llm_ceiling_passed(vendor, opportunity, most, asked), 'reserved') end;
  if verdict = 'reserved' then
    insert into public.llm_calls (prompt_hash, provider, model, purpose, opportunity_id, reserved_usd, price, asked_at, open_until)
      values (question, vendor, wanted_model, wanted_purpose, opportunity, most, priced, asked, asked + lease) returning id into call_id;
  end if;
end $$;
-- Say what became of a call; an answer is kept in the same transaction. An answer that comes after its lease counts as well.
create function settle_llm_call(call uuid, reached text, cost numeric, used jsonb, took_ms integer, request text, what_failed text,
  answer jsonb, schema text, ended timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare settled public.llm_calls;
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  update public.llm_calls c set state = reached, settled_at = ended, latency_ms = took_ms, request_id = request, fault = left(what_failed, 1000),
      cost_usd = case reached when 'lost' then c.reserved_usd else cost end,
      input_tokens = (used ->> 'input')::bigint, cached_tokens = (used ->> 'cached')::bigint,
      written_tokens = (used ->> 'written')::bigint, output_tokens = (used ->> 'output')::bigint
    where c.id = call and (c.state = 'open' or c.state = 'lost' and reached = 'answered') returning * into settled;
  if settled.id is null then
    return false;
  end if;
  if answer is not null then
    insert into public.llm_cache (prompt_hash, response, tokens_used, created_at, model, schema_version, call_id)
      values (settled.prompt_hash, answer, settled.input_tokens + settled.output_tokens, ended, settled.model, schema, settled.id)
      on conflict (prompt_hash) do nothing;
  end if;
  return true;
end $$;
revoke all on function llm_ceiling_passed(text, text, numeric, timestamptz) from public;
revoke all on function reserve_llm_call(text, text, text, text, text, numeric, jsonb, timestamptz, interval) from public;
revoke all on function settle_llm_call(uuid, text, numeric, jsonb, integer, text, text, jsonb, text, timestamptz) from public;
grant execute on function reserve_llm_call(text, text, text, text, text, numeric, jsonb, timestamptz, interval),
  settle_llm_call(uuid, text, numeric, jsonb, integer, text, text, jsonb, text, timestamptz) to procura_pipeline;
