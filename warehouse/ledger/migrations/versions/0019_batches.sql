-- Many questions at once, at the vendors' lower price: a batch is written down with its questions and their money before it is sent,
-- so that a kill at any moment leaves a row that says what may have been sent. Only the functions here write.

-- ------------------------------------------------------------------------------------------------ batches
-- One row per batch of questions at a vendor; its questions are llm_calls.
create table llm_batches (
  id uuid primary key,                       -- ours; it begins the custom id of each of its questions
  provider text not null,
  model text not null,
  purpose text not null check (purpose in ('triage', 'analysis')),
  vendor_id text not null default '',        -- the vendor's; '' until it is known
  state text not null default 'intended'     -- intended: perhaps sent; sent: the vendor has it; settled: each question is; done: concluded from
    check (state in ('intended', 'sent', 'settled', 'done')),
  ended text not null default ''             -- read; refused by the vendor, or failed whole; absent: never arrived; lost: given up, perhaps owed
    check (ended in ('', 'read', 'refused', 'absent', 'lost')),
  fault text not null default '' check (length(fault) <= 1000), -- what stood against it at the last look
  made_at timestamptz not null,
  sent_at timestamptz,
  looked_at timestamptz,
  give_up_at timestamptz not null,           -- what is not answered by then counts as lost
  settled_at timestamptz,
  check ((state in ('settled', 'done')) = (ended <> '')),
  check ((ended <> '') = (settled_at is not null)),
  check (state <> 'sent' or vendor_id <> '')
);
create unique index on llm_batches (provider, vendor_id) where vendor_id <> '';
create index on llm_batches (made_at) where state <> 'done';
alter table llm_calls
  add column batch_id uuid references llm_batches, -- null: asked by itself
  add column custom_id text not null default '';   -- of the question in its batch
create unique index on llm_calls (custom_id) where custom_id <> '';
create index on llm_calls (batch_id) where batch_id is not null;
create index on llm_calls (prompt_hash) where batch_id is not null;

insert into system_settings (key, value) values ('llm_batch_from', '20') on conflict do nothing;

-- ------------------------------------------------------------------------------------------------ who sees
alter table llm_batches enable row level security;
alter table llm_batches force row level security;
create policy owner_works on llm_batches for all to procura_owner using (true) with check (true);
create policy whoever_acts_reads on llm_batches for select to procura_app using ((select acting_role()) <> '');
create policy runs_read on llm_batches for select to procura_pipeline using ((select acting_role()) = 'system');
create policy analyst_reads on llm_batches for select to procura_analyst using (true);
grant select on llm_batches to procura_app, procura_pipeline, procura_analyst;

-- ------------------------------------------------------------------------------------------------ money
-- As in 0013, but for the lease: a question in a batch has none, because whoever sent it does not wait for it.
create or replace function reserve_llm_call(question text, vendor text, wanted_model text, wanted_purpose text, opportunity text, most numeric,
  priced jsonb, asked timestamptz, lease interval, out call_id uuid, out verdict text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  perform pg_advisory_xact_lock(819);
  update public.llm_calls c set state = 'lost', cost_usd = c.reserved_usd, settled_at = asked, fault = 'whoever asked ended before the answer'
    where c.state = 'open' and c.open_until < asked and c.batch_id is null;
  verdict := case
    when exists (select from public.llm_cache l where l.prompt_hash = question) then 'cached'
    when exists (select from public.llm_calls c where c.prompt_hash = question and c.state = 'open') then 'open'
    else coalesce(public.llm_ceiling_passed(vendor, opportunity, most, asked), 'reserved') end;
  if verdict = 'reserved' then
    insert into public.llm_calls (prompt_hash, provider, model, purpose, opportunity_id, reserved_usd, price, asked_at, open_until)
      values (question, vendor, wanted_model, wanted_purpose, opportunity, most, priced, asked, asked + lease) returning id into call_id;
  end if;
end $$;
-- Write down a batch that is about to be sent, with the money of each question that may be asked; the others come back with the
-- reason. `questions`: hash, opportunity, most. Nothing is written where none may be asked.
create function intend_llm_batch(batch uuid, vendor text, wanted_model text, wanted_purpose text, priced jsonb, questions jsonb,
  asked timestamptz, patience interval) returns table (question text, verdict text, custom text)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  one record;
  got record;
  taken integer := 0;
begin
  insert into public.llm_batches (id, provider, model, purpose, made_at, give_up_at)
    values (batch, vendor, wanted_model, wanted_purpose, asked, asked + patience);
  for one in select q.value from jsonb_array_elements(questions) with ordinality q order by q.ordinality loop
    question := one.value ->> 'hash';
    select * into got from public.reserve_llm_call(question, vendor, wanted_model, wanted_purpose, one.value ->> 'opportunity',
      (one.value ->> 'most')::numeric, priced, asked, patience);
    verdict := got.verdict;
    custom := '';
    if got.call_id is not null then
      custom := replace(batch::text, '-', '') || '-' || taken;
      taken := taken + 1;
      update public.llm_calls c set batch_id = batch, custom_id = custom where c.id = got.call_id;
    end if;
    return next;
  end loop;
  if taken = 0 then
    delete from public.llm_batches b where b.id = batch;
  end if;
end $$;
-- Keep the vendor's id of a batch; false where it was ended meanwhile.
create function send_llm_batch(batch uuid, known_as text, at timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  update public.llm_batches b set state = 'sent', vendor_id = known_as, sent_at = at, fault = '' where b.id = batch and b.state = 'intended';
  return found;
end $$;
-- Keep when a batch was looked at, and what stood against reading it.
create function look_at_llm_batch(batch uuid, what_failed text, at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  update public.llm_batches b set looked_at = at, fault = left(what_failed, 1000) where b.id = batch and b.state in ('intended', 'sent');
end $$;
-- End a batch. What it has not answered is free where the vendor never took it, and counts whole where it may be owed; `read` ends
-- it only when nothing is left open. False where it had ended, or may not end so.
create function end_llm_batch(batch uuid, how text, what_failed text, at timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  if how = 'read' and exists (select from public.llm_calls c where c.batch_id = batch and c.state = 'open') then
    return false;
  end if;
  update public.llm_batches b set state = 'settled', ended = how, fault = left(what_failed, 1000), settled_at = at
    where b.id = batch and (b.state = 'intended' or b.state = 'sent' and how <> 'absent');
  if not found then
    return false;
  end if;
  update public.llm_calls c set state = case how when 'lost' then 'lost' else 'failed' end,
      cost_usd = case how when 'lost' then c.reserved_usd else 0 end, settled_at = at, fault = left(what_failed, 1000)
    where c.batch_id = batch and c.state = 'open';
  return true;
end $$;
-- Everything that a settled batch answered is concluded.
create function finish_llm_batch(batch uuid) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if public.acting_role() <> 'system' then
    raise exception 'models are asked by the product alone' using errcode = 'insufficient_privilege';
  end if;
  update public.llm_batches b set state = 'done' where b.id = batch and b.state = 'settled';
end $$;
revoke all on function intend_llm_batch(uuid, text, text, text, jsonb, jsonb, timestamptz, interval) from public;
revoke all on function send_llm_batch(uuid, text, timestamptz) from public;
revoke all on function look_at_llm_batch(uuid, text, timestamptz) from public;
revoke all on function end_llm_batch(uuid, text, text, timestamptz) from public;
revoke all on function finish_llm_batch(uuid) from public;
grant execute on function intend_llm_batch(uuid, text, text, text, jsonb, jsonb, timestamptz, interval),
  send_llm_batch(uuid, text, timestamptz), look_at_llm_batch(uuid, text, timestamptz), end_llm_batch(uuid, text, text, timestamptz),
  finish_llm_batch(uuid) to procura_pipeline;
