-- Ends sessions of this program whose clients have said nothing for so long in the middle of a batch or
-- of a transaction, and returns how many. A machine that lost its power leaves such sessions, and
-- whatever waits for their locks waits for the network to notice, as does all that queues behind it:
-- therefore this reads no table. Who is ended and lives after all begins anew: nothing was committed.
create function unroll_internal.end_silent_clients(p_patience interval)
returns integer language sql as $$
  select count(pg_terminate_backend(a.pid))::integer from pg_stat_activity a
  where a.datname = current_database() and a.usename = current_user
    and a.pid <> pg_backend_pid() and a.wait_event = 'ClientRead'
    and a.query like '%unroll_internal.%' and a.query not ilike 'copy %'
    -- A person's transaction may be open for as long as he likes; a batch under way is a program's.
    and (a.state = 'active' or a.state = 'idle in transaction' and a.application_name = 'unroll')
    and a.state_change < clock_timestamp() - p_patience
$$;

-- A checkpoint may come again while the first try, whose answer was lost, is still under way: then the
-- insert waits for it, and what it wrote is replaced as if it had been there before.
create or replace function unroll_internal.begin_checkpoint(
  p_trial bigint, p_token integer, p_step bigint, p_epoch integer, p_sha256 text, p_bytes bigint)
returns void language plpgsql as $$
begin
  loop
    delete from unroll_internal.checkpoint where trial_id = p_trial and step = p_step;
    insert into unroll_internal.checkpoint (trial_id, step, epoch, token, sha256, bytes)
      values (p_trial, p_step, p_epoch, p_token, p_sha256, p_bytes)
      on conflict (trial_id, step) do nothing;
    exit when found;
  end loop;
end $$;
