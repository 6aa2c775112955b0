-- A token alone is no proof: after a failover that lost a grant it is granted again with the same
-- number. So a worker proves itself too, in everything that it writes.

alter table unroll_internal.worker
  -- Its silence is no fault of its trials: the database was away just before.
  add column excused boolean not null default false;

alter table unroll_internal.sweep
  -- The metrics of trials with smaller numbers are deleted already.
  add column metrics_deleted_to integer not null default 0 check (metrics_deleted_to >= 0);

drop function unroll_internal.fence(bigint, integer);
create function unroll_internal.fence(p_trial bigint, p_token integer, p_worker uuid)
returns void language plpgsql as $$
begin
  perform 1 from unroll_internal.status
    where trial_id = p_trial and token = p_token and worker_id = p_worker and state = 'leased'
    for share;
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
end $$;

drop function unroll_internal.rewind(bigint, integer, bigint);
create function unroll_internal.rewind(
  p_trial bigint, p_token integer, p_worker uuid, p_step bigint)
returns void language plpgsql as $$
declare
  at_epoch integer;
begin
  perform unroll_internal.fence(p_trial, p_token, p_worker);
  if p_step is not null then
    select c.epoch into at_epoch from unroll_internal.checkpoint c
      where c.trial_id = p_trial and c.step = p_step and c.complete;
    if not found then
      raise exception 'trial % has no whole checkpoint at step %', p_trial, p_step
        using errcode = 'QF003';
    end if;
  end if;
  delete from unroll_internal.checkpoint
    where trial_id = p_trial and step > coalesce(p_step, -1);
  delete from unroll_internal.metric
    where trial_id = p_trial and epoch > coalesce(at_epoch, -1);
  update unroll_internal.attempt set resumed_epoch = at_epoch, resumed_step = p_step
    where trial_id = p_trial and token = p_token;
end $$;

-- Only a cancellation that somebody asked for ends a trial as cancelled.
drop function unroll_internal.finish(
  bigint, integer, unroll_internal.trial_state, text, double precision);
create function unroll_internal.finish(
  p_trial bigint, p_token integer, p_worker uuid, p_state unroll_internal.trial_state,
  p_error text, p_cpu_seconds double precision)
returns void language plpgsql as $$
begin
  if p_state < 'succeeded' then
    raise exception 'a trial cannot end as %', p_state using errcode = '22023';
  end if;
  update unroll_internal.status
    set state = p_state, worker_id = null, deadline_at = null, cancel_requested_at = null,
      finished_at = clock_timestamp(), error = p_error
    where trial_id = p_trial and token = p_token and worker_id = p_worker and state = 'leased'
      and (p_state <> 'cancelled' or cancel_requested_at is not null);
  if not found then
    perform unroll_internal.fence(p_trial, p_token, p_worker);
    raise exception 'nobody asked to cancel trial %', p_trial using errcode = '22023';
  end if;
  update unroll_internal.attempt
    set ended_at = clock_timestamp(), outcome = p_state::text::unroll_internal.attempt_outcome,
      error = p_error, cpu_seconds = p_cpu_seconds
    where trial_id = p_trial and token = p_token;
end $$;

drop function unroll_internal.fail(bigint, integer, text, boolean, double precision);
create function unroll_internal.fail(
  p_trial bigint, p_token integer, p_worker uuid, p_error text, p_retry boolean,
  p_cpu_seconds double precision)
returns unroll_internal.trial_state language plpgsql as $$
declare
  ended unroll_internal.status;
begin
  update unroll_internal.status s
    set state = (case
          when s.cancel_requested_at is not null then 'cancelled'
          when p_retry and s.failures + 1 < s.max_failures then 'queued'
          else 'failed' end)::unroll_internal.trial_state,
      finished_at = case
          when s.cancel_requested_at is null and p_retry and s.failures + 1 < s.max_failures
            then null
          else clock_timestamp() end,
      failures = s.failures + 1, error = p_error, worker_id = null, deadline_at = null,
      cancel_requested_at = null,
      run_at = clock_timestamp() + unroll_internal.backoff(s.failures + 1)
    where s.trial_id = p_trial and s.token = p_token and s.worker_id = p_worker
      and s.state = 'leased'
    returning s.* into ended;
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
  update unroll_internal.attempt
    set ended_at = clock_timestamp(), outcome = 'failed', error = p_error,
      cpu_seconds = p_cpu_seconds
    where trial_id = p_trial and token = p_token;
  insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    values (ended.sweep_id, p_trial,
      case ended.state when 'queued' then 'retry' when 'failed' then 'give_up' else 'cancel' end,
      format('attempt %s failed (%s of %s): %s', p_token, ended.failures, ended.max_failures,
        p_error),
      jsonb_build_object('token', p_token, 'state', ended.state));
  return ended.state;
end $$;

drop function unroll_internal.release(bigint, integer, double precision);
create function unroll_internal.release(
  p_trial bigint, p_token integer, p_worker uuid, p_cpu_seconds double precision)
returns unroll_internal.trial_state language plpgsql as $$
declare
  released unroll_internal.trial_state;
begin
  update unroll_internal.status s
    set state = (case when s.cancel_requested_at is null then 'queued' else 'cancelled' end
        )::unroll_internal.trial_state,
      finished_at = case when s.cancel_requested_at is not null then clock_timestamp() end,
      worker_id = null, deadline_at = null, cancel_requested_at = null,
      run_at = clock_timestamp()
    where s.trial_id = p_trial and s.token = p_token and s.worker_id = p_worker
      and s.state = 'leased'
    returning s.state into released;
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
  update unroll_internal.attempt
    set ended_at = clock_timestamp(), outcome = 'released', cpu_seconds = p_cpu_seconds
    where trial_id = p_trial and token = p_token;
  return released;
end $$;

drop function unroll_internal.pause(bigint, integer, double precision[], double precision);
create function unroll_internal.pause(
  p_trial bigint, p_token integer, p_worker uuid, p_objectives double precision[],
  p_cpu_seconds double precision)
returns unroll_internal.trial_state language plpgsql as $$
declare
  paused unroll_internal.trial_state;
begin
  update unroll_internal.status s
    set state = (case when s.cancel_requested_at is null then 'blocked' else 'cancelled' end
        )::unroll_internal.trial_state,
      finished_at = case when s.cancel_requested_at is not null then clock_timestamp() end,
      worker_id = null, deadline_at = null, cancel_requested_at = null
    where s.trial_id = p_trial and s.token = p_token and s.worker_id = p_worker
      and s.state = 'leased'
    returning s.state into paused;
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
  if paused = 'blocked' then
    perform unroll_internal.reach(p_trial, p_objectives);
  end if;
  update unroll_internal.attempt
    set ended_at = clock_timestamp(), outcome = 'paused', cpu_seconds = p_cpu_seconds
    where trial_id = p_trial and token = p_token;
  return paused;
end $$;

drop function unroll_internal.finish_many(bigint[], integer[], double precision[]);
create function unroll_internal.finish_many(
  p_trials bigint[], p_tokens integer[], p_workers uuid[], p_cpu_seconds double precision[])
returns bigint[] language sql as $$
  with wanted as (
    select * from unnest(p_trials, p_tokens, p_workers, p_cpu_seconds)
      w(trial_id, token, worker_id, cpu_seconds)
  ), locked as (
    select s.trial_id, s.token, w.cpu_seconds
    from unroll_internal.status s
      join wanted w on w.trial_id = s.trial_id and w.token = s.token
        and w.worker_id = s.worker_id
    where s.trial_id = any (p_trials) and s.state = 'leased'
    order by s.trial_id for update of s
  ), ended as (
    update unroll_internal.status s
    set state = 'succeeded', worker_id = null, deadline_at = null, cancel_requested_at = null,
      finished_at = clock_timestamp(), error = null
    from locked l where s.trial_id = l.trial_id
    returning s.trial_id
  ), closed as (
    update unroll_internal.attempt a
    set ended_at = clock_timestamp(), outcome = 'succeeded', cpu_seconds = l.cpu_seconds
    from locked l where a.trial_id = l.trial_id and a.token = l.token
  )
  select array(
    select w.trial_id from wanted w
    where not exists (select from ended e where e.trial_id = w.trial_id) order by w.trial_id)
$$;

-- As before, and silence is no loss while the database is just back: its server was started, or the
-- leader reaches it again, for so long (p_in_touch; NULL: it never failed to). And a write whose
-- client has vanished does not keep a dead worker's trial: no timeout of the server's ends a session
-- that waits in the middle of a pipeline.
drop function unroll_internal.reap(integer);
create function unroll_internal.reap(p_limit integer, p_in_touch interval default null)
returns table (
  trial_id bigint, token integer, worker_id uuid, state unroll_internal.trial_state, reason text)
language plpgsql as $$
#variable_conflict use_column
declare
  back_at timestamptz := greatest(
    pg_postmaster_start_time(), clock_timestamp() - p_in_touch);
begin
  update unroll_internal.worker w
    set state = 'dead', ended_at = clock_timestamp(),
      excused = back_at + w.ttl > clock_timestamp(),
      end_reason = format('no heartbeat for %s s',
        round(extract(epoch from clock_timestamp() - w.beat_at)))
    where w.id in (
      select v.id from unroll_internal.worker v
      where v.state <> 'dead' and v.beat_at + v.ttl < clock_timestamp()
      order by v.id for update skip locked);
  return query
  with revoked as materialized (
    select s.trial_id, s.token, s.worker_id,
      case when w.state = 'dead' and w.excused then 0 else 1 end as counted,
      case
        when w.id is null then 'worker is unknown'
        when w.state = 'dead' then format('worker on %s is gone: %s%s', w.host, w.end_reason,
          case when w.excused then '; the database was away before' end)
        when s.deadline_at < clock_timestamp() then 'trial is past its time limit'
        else 'worker does not heed the cancellation' end as reason
    from unroll_internal.status s
      left join unroll_internal.worker w on w.id = s.worker_id
    where s.state = 'leased'
      and (w.id is null or w.state = 'dead' or s.deadline_at < clock_timestamp()
        or s.cancel_requested_at + 2 * w.ttl < clock_timestamp())
    order by s.trial_id limit p_limit
    for update of s skip locked
  ), taken as (
    update unroll_internal.status s
    set state = (case
          when s.cancel_requested_at is not null then 'cancelled'
          when s.losses + r.counted >= s.max_losses then 'failed'
          else 'queued' end)::unroll_internal.trial_state,
      finished_at = case
          when s.cancel_requested_at is not null or s.losses + r.counted >= s.max_losses
            then clock_timestamp() end,
      error = case
          when s.losses + r.counted >= s.max_losses
            then format('lost %s times, last: %s', s.losses + r.counted, r.reason)
          else s.error end,
      losses = s.losses + r.counted, worker_id = null, deadline_at = null,
      cancel_requested_at = null,
      run_at = clock_timestamp() + unroll_internal.backoff(s.losses)
    from revoked r
    where s.trial_id = r.trial_id and s.token = r.token and s.state = 'leased'
    returning s.trial_id, s.sweep_id, s.token, r.worker_id, s.state, r.reason, r.counted,
      s.losses, s.max_losses
  ), closed as (
    update unroll_internal.attempt a
    set ended_at = clock_timestamp(), error = k.reason,
      outcome = (case k.counted when 1 then 'lost' else 'released' end
        )::unroll_internal.attempt_outcome
    from taken k where a.trial_id = k.trial_id and a.token = k.token
  ), told as (
    insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    select k.sweep_id, k.trial_id,
      case k.state when 'queued' then 'retry' when 'failed' then 'give_up' else 'cancel' end,
      case k.counted
        when 1 then format(
          'attempt %s was lost (%s of %s): %s', k.token, k.losses, k.max_losses, k.reason)
        else format('attempt %s was taken back and not counted: %s', k.token, k.reason) end,
      jsonb_build_object('token', k.token, 'worker', k.worker_id, 'state', k.state)
    from taken k order by k.trial_id
  )
  select k.trial_id, k.token, k.worker_id, k.state, k.reason from taken k order by k.trial_id;
  -- What is left is held by a write that waits for the rest of it: the next reaper will take it.
  perform pg_terminate_backend(a.pid)
    from unroll_internal.worker w
      join unroll_internal.status s on s.worker_id = w.id and s.state = 'leased'
      join pg_stat_activity a on a.backend_xid = s.xmax
    where w.state = 'dead' and a.usename = current_user and a.pid <> pg_backend_pid()
      and a.wait_event_type = 'Client' and a.xact_start + w.ttl < clock_timestamp();
end $$;

-- A scheduler leads one queue, as scheduler/QUEUE: the name without a queue stands for any of them.
create or replace function unroll_internal.check_leadership(
  p_role text, p_holder uuid, p_term bigint)
returns void language plpgsql as $$
begin
  perform 1 from unroll_internal.leader
    where (role = p_role or starts_with(role, p_role || '/')) and holder = p_holder
      and term = p_term and expires_at > clock_timestamp() for share;
  if not found then
    raise exception 'leadership lost: % term %', p_role, p_term using errcode = 'QF002';
  end if;
end $$;

-- As before, but only from the sweeps that it has locked: who pauses or cancels waits for it.
create or replace function unroll_internal.refill(
  p_holder uuid, p_term bigint, p_queue text, p_window integer)
returns integer language plpgsql as $$
declare
  wanted integer;
  moved integer;
  locked bigint[];
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select p_window - count(*) into wanted from unroll_internal.ready where queue = p_queue;
  if wanted <= 0 then
    return 0;
  end if;
  -- Pausing and cancelling update these rows: they wait for us or we see them.
  locked := array(
    select s.id from unroll_internal.sweep s
    where s.queue = p_queue and s.state = 'active' and not s.paused order by s.id for share);
  with load as materialized (
    select s.id, s.owner, s.priority, s.weight, s.max_parallel, f.in_flight
    from unroll_internal.sweep s
      cross join lateral (
        select (select count(*) from unroll_internal.status st
            where st.sweep_id = s.id and st.state = 'leased')
          + (select count(*) from unroll_internal.ready r where r.sweep_id = s.id)
          as in_flight) f
    where s.queue = p_queue and s.state = 'active'
  ), owned as materialized (
    select l.owner, sum(l.in_flight) as in_flight, coalesce(max(o.weight), 1) as weight,
      max(o.max_parallel) as max_parallel
    from load l left join unroll_internal.owner o on o.name = l.owner group by l.owner
  ), place_in_sweep as (
    select l.owner, l.priority, l.id as sweep_id, c.trial_id,
      (l.in_flight + c.place) / l.weight as place
    from load l
      join unroll_internal.sweep s on s.id = l.id and s.id = any (locked) and s.stopped is null
      cross join lateral (
        select q.trial_id, row_number() over (order by q.trial_id) as place
        from (
          select st.trial_id from unroll_internal.status st
          where st.sweep_id = l.id and st.state = 'queued' and st.run_at <= clock_timestamp()
            and not st.trial_id = any (array(
              select r.trial_id from unroll_internal.ready r where r.sweep_id = l.id))
          order by st.trial_id
          limit greatest(least(wanted, coalesce(l.max_parallel - l.in_flight, wanted)), 0)) q) c
  ), place_of_owner as (
    -- Places count over all priorities, so that an owner's limit holds over all of its sweeps.
    select p.*, row_number() over (
        partition by p.owner order by p.priority, p.place, p.sweep_id, p.trial_id) as nth
    from place_in_sweep p
  )
  insert into unroll_internal.ready (trial_id, sweep_id, queue, priority)
  select p.trial_id, p.sweep_id, p_queue, p.priority
  from place_of_owner p join owned o on o.owner = p.owner
  where o.max_parallel is null or o.in_flight + p.nth <= o.max_parallel
  order by p.priority, (o.in_flight + p.nth) / o.weight, p.place, p.sweep_id, p.trial_id
  limit wanted
  on conflict do nothing;
  get diagnostics moved = row_count;
  return moved;
end $$;

-- As before, but metrics go trial by trial from where the last batch ended.
create or replace function unroll_internal.expire(p_holder uuid, p_term bigint, p_limit integer)
returns integer language plpgsql as $$
declare
  old unroll_internal.sweep;
  ids bigint[];
  gone integer := 0;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  delete from unroll_internal.checkpoint c
    where (c.trial_id, c.step) in (
      select k.trial_id, k.step from unroll_internal.checkpoint k
        join unroll_internal.status t on t.trial_id = k.trial_id
        join unroll_internal.sweep s on s.id = t.sweep_id
      where t.finished_at + s.keep_checkpoints <= clock_timestamp()
      order by k.trial_id, k.step limit p_limit for update of t skip locked);
  get diagnostics gone = row_count;
  if gone >= p_limit then
    return gone;
  end if;
  select s.* into old from unroll_internal.sweep s
    where s.metrics_deleted_at is null and s.finished_at + s.keep_metrics <= clock_timestamp()
    order by s.finished_at limit 1 for no key update skip locked;
  if found then
    -- One trial after the other along the primary key, as far as the batch goes.
    select array(
      select t.id from unroll_internal.trial t
      where t.sweep_id = old.id and t.number >= old.metrics_deleted_to
      order by t.number limit greatest(p_limit / 100, 1)) into ids;
    delete from unroll_internal.metric m where m.trial_id = any (ids);
    delete from unroll_internal.flow f where f.trial_id = any (ids);
    if cardinality(ids) = 0 then
      update unroll_internal.sweep set metrics_deleted_at = clock_timestamp() where id = old.id;
    else
      update unroll_internal.sweep
        set metrics_deleted_to = (
          select max(t.number) + 1 from unroll_internal.trial t where t.id = any (ids))
        where id = old.id;
      return p_limit;
    end if;
  end if;
  select s.* into old from unroll_internal.sweep s
    where s.finished_at + s.keep_sweep <= clock_timestamp()
    order by s.finished_at limit 1 for update skip locked;
  if found then
    select array(
      select t.id from unroll_internal.trial t where t.sweep_id = old.id
      order by t.number limit greatest(p_limit / 100, 1)) into ids;
    delete from unroll_internal.metric m where m.trial_id = any (ids);
    delete from unroll_internal.flow f where f.trial_id = any (ids);
    delete from unroll_internal.flow_verdict f where f.trial_id = any (ids);
    delete from unroll_internal.confusion c where c.trial_id = any (ids);
    delete from unroll_internal.checkpoint c where c.trial_id = any (ids);
    delete from unroll_internal.artifact a where a.trial_id = any (ids);
    delete from unroll_internal.result r where r.trial_id = any (ids);
    delete from unroll_internal.decision d where d.trial_id = any (ids);
    delete from unroll_internal.attempt a where a.trial_id = any (ids);
    delete from unroll_internal.status t where t.trial_id = any (ids);
    delete from unroll_internal.trial t where t.id = any (ids);
    if cardinality(ids) = 0 then
      delete from unroll_internal.decision d where d.sweep_id = old.id;
      delete from unroll_internal.baseline b where b.sweep_id = old.id;
      delete from unroll_internal.sweep s where s.id = old.id;
      return gone + 1;
    end if;
    return p_limit;
  end if;
  return gone;
end $$;
