-- The audit log refuses to be changed, even by its owner; and checkpoints: signed statements of how long it was and what it held.

-- The chain's end, under the lock; now with its time, so that no record is older than its predecessor when a clock is set back.
drop function audit_head();
create function audit_head(out seq bigint, out confirmation_hash bytea, out at timestamptz)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(815);
  select a.seq, a.confirmation_hash, a.at into seq, confirmation_hash, at from public.audit_logs a order by a.seq desc limit 1;
  seq := coalesce(seq, 0);
  confirmation_hash := coalesce(confirmation_hash, ''::bytea);
end $$;
revoke all on function audit_head() from public;
grant execute on function audit_head() to procura_app, procura_pipeline;

-- One row per checkpoint of the audit log, in order of size: what was signed, and what is needed to go on and to find a fault.
create table audit_checkpoints (
  size bigint primary key check (size > 0),  -- how many records it covers, from the first
  previous_size bigint not null check (previous_size < size),
  root bytea not null,                       -- RFC 6962 root over the records' leaf hashes
  note text not null,                        -- the signed note as written (C2SP), also in the second place
  leaves bytea not null,                     -- leaf hashes since the previous checkpoint, 32 bytes each: they name a changed record
  frontier bytea not null,                   -- roots of the perfect subtrees at this size, largest first
  written_at timestamptz not null
);
alter table audit_checkpoints enable row level security;
alter table audit_checkpoints force row level security;
create policy owner_appends on audit_checkpoints for all to procura_owner using (true) with check (true);
create policy readers on audit_checkpoints for select to procura_app, procura_pipeline using ((select acting_role()) <> '');
grant select on audit_checkpoints to procura_app, procura_pipeline;

-- Append one checkpoint. Refuses one that does not follow the last, or that covers records which are not there.
create function audit_checkpoint_append(new_size bigint, new_previous bigint, new_root bytea, new_note text, new_leaves bytea,
  new_frontier bytea, new_at timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare last bigint; head bigint;
begin
  perform pg_advisory_xact_lock(816);
  select coalesce(max(c.size), 0) into last from public.audit_checkpoints c;
  select coalesce(max(a.seq), 0) into head from public.audit_logs a;
  if new_previous <> last or new_size <= last or new_size > head or octet_length(new_leaves) <> 32 * (new_size - last) then
    raise exception 'checkpoint % does not follow %', new_size, last using errcode = 'serialization_failure';
  end if;
  insert into public.audit_checkpoints values (new_size, new_previous, new_root, new_note, new_leaves, new_frontier, new_at);
end $$;
revoke all on function audit_checkpoint_append(bigint, bigint, bytea, text, bytea, bytea, timestamptz) from public;
grant execute on function audit_checkpoint_append(bigint, bigint, bytea, text, bytea, bytea, timestamptz) to procura_app, procura_pipeline;

-- Nobody changes what was written: not the owner, not a session that pretends to be a replica.
-- Who may switch these triggers off (owner, superuser) is found by `procura audit verify`.
create function audit_refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, lower(tg_op) using errcode = 'insufficient_privilege';
end $$;
revoke all on function audit_refuse_change() from public;
create trigger refuse_change before update or delete on audit_logs for each row execute function audit_refuse_change();
create trigger refuse_truncate before truncate on audit_logs for each statement execute function audit_refuse_change();
create trigger refuse_change before update or delete on audit_checkpoints for each row execute function audit_refuse_change();
create trigger refuse_truncate before truncate on audit_checkpoints for each statement execute function audit_refuse_change();
alter table audit_logs enable always trigger refuse_change;
alter table audit_logs enable always trigger refuse_truncate;
alter table audit_checkpoints enable always trigger refuse_change;
alter table audit_checkpoints enable always trigger refuse_truncate;

create index on audit_logs (actor, seq);
create index on audit_logs (action, seq);
create index on audit_logs (at, seq);
