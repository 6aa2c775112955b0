-- Claim, fence, beat, give back, reap. Each is one transaction, keeps no session state and reads
-- only the database's clock, so that all of it works through a transaction-mode pooler.

-- The first statement of every transaction in which a worker writes. FOR SHARE conflicts with the
-- UPDATE that takes the lease away: what follows is either committed before that or never.
create function unroll_internal.fence(p_trial bigint, p_token integer) returns void
language plpgsql as $$
begin
  perform 1 from unroll_internal.status
    where trial_id = p_trial and token = p_token and state = 'leased' for share;
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
end $$;

-- One statement, so that the limit holds under concurrency. The inner SELECT is an InitPlan behind
-- ARRAY(): with a plain IN the planner takes the unknown limit for a tenth of the table and reads
-- all of it. A new lease sees the newest complete checkpoint, and whatever an earlier attempt
-- wrote beyond it goes away together with the grant.
create function unroll_internal.claim(p_worker uuid, p_queue text, p_count integer)
returns table (place bigint, trial_id bigint, token integer, epoch integer, step bigint)
language sql rows 8 as $$
  with taken as (
    delete from unroll_internal.ready r
    where exists (
        select from unroll_internal.worker w where w.id = p_worker and w.state = 'alive')
      and r.trial_id = any (array(
        select c.trial_id from unroll_internal.ready c
        where c.queue = p_queue
        order by c.priority, c.position
        limit p_count for update skip locked))
    returning r.trial_id, r.priority, r.position
  ), leased as (
    update unroll_internal.status s
    set state = 'leased', token = s.token + 1, worker_id = p_worker,
      deadline_at = clock_timestamp() + w.trial_time
    from taken k
      join unroll_internal.trial t on t.id = k.trial_id
      join unroll_internal.sweep w on w.id = t.sweep_id
    where s.trial_id = k.trial_id and s.state = 'queued'
    returning s.trial_id, s.token, k.priority, k.position
  ), resumed as (
    select row_number() over (order by l.priority, l.position) as place, l.trial_id, l.token,
      c.epoch, c.step
    from leased l
      left join lateral (
        select c.epoch, c.step from unroll_internal.checkpoint c
        where c.trial_id = l.trial_id and c.complete
        order by c.step desc limit 1) c on true
  ), beyond as (
    delete from unroll_internal.metric m
    using resumed r
    where m.trial_id = r.trial_id and r.token > 1 and m.epoch > coalesce(r.epoch, -1)
  ), opened as (
    insert into unroll_internal.attempt (trial_id, token, worker_id, resumed_epoch, resumed_step)
    select r.trial_id, r.token, p_worker, r.epoch, r.step from resumed r
  )
  select r.place, r.trial_id, r.token, r.epoch, r.step from resumed r
$$;

-- When the newest checkpoint cannot be read: go back to an earlier one (p_step) or to the start
-- (NULL), forgetting in the same transaction what lies beyond.
create function unroll_internal.rewind(p_trial bigint, p_token integer, p_step bigint)
returns void language plpgsql as $$
declare
  at_epoch integer;
begin
  perform unroll_internal.fence(p_trial, p_token);
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

-- NULL: this worker was declared dead, stop everything. Otherwise its trials to cancel.
create function unroll_internal.beat(p_worker uuid) returns bigint[]
language sql as $$
  with alive as (
    update unroll_internal.worker set beat_at = clock_timestamp()
    where id = p_worker and state <> 'dead'
    returning id)
  select array(
    select s.trial_id from unroll_internal.status s
    where s.worker_id = a.id and s.state = 'leased' and s.cancel_requested_at is not null
    order by s.trial_id)
  from alive a
$$;

create function unroll_internal.backoff(p_count integer) returns interval
language sql volatile as $$
  select least(power(2, p_count), 300) * (0.5 + random() / 2) * interval '1 s'
$$;

-- The end of a trial. The caller writes metrics, result and artifacts in the same transaction.
create function unroll_internal.finish(
  p_trial bigint, p_token integer, p_state unroll_internal.trial_state, p_error text,
  p_cpu_seconds double precision)
returns void language plpgsql as $$
begin
  if p_state < 'succeeded' then
    raise exception 'a trial cannot end as %', p_state using errcode = '22023';
  end if;
  update unroll_internal.status
    set state = p_state, worker_id = null, deadline_at = null, cancel_requested_at = null,
      finished_at = clock_timestamp(), error = p_error
    where trial_id = p_trial and token = p_token and state = 'leased';
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
  update unroll_internal.attempt
    set ended_at = clock_timestamp(), outcome = p_state::text::unroll_internal.attempt_outcome,
      error = p_error, cpu_seconds = p_cpu_seconds
    where trial_id = p_trial and token = p_token;
end $$;

-- The trial's own failure: counted, tried again later if it may be and if that can help.
create function unroll_internal.fail(
  p_trial bigint, p_token integer, p_error text, p_retry boolean, p_cpu_seconds double precision)
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
    where s.trial_id = p_trial and s.token = p_token and s.state = 'leased'
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

-- A worker that stops gives its trial back: neither a failure nor a loss.
create function unroll_internal.release(
  p_trial bigint, p_token integer, p_cpu_seconds double precision)
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
    where s.trial_id = p_trial and s.token = p_token and s.state = 'leased'
    returning s.state into released;
  if not found then
    raise exception 'lease lost: trial % token %', p_trial, p_token using errcode = 'QF001';
  end if;
  update unroll_internal.attempt
    set ended_at = clock_timestamp(), outcome = 'released', cpu_seconds = p_cpu_seconds
    where trial_id = p_trial and token = p_token;
  return released;
end $$;

-- Declares silent workers dead and takes their trials back, and trials past their time, and trials
-- whose worker ignores a cancellation. Every condition is checked again under the row lock, so
-- that two reapers, or a reaper and a finishing worker, do no harm.
create function unroll_internal.reap(p_limit integer)
returns table (
  trial_id bigint, token integer, worker_id uuid, state unroll_internal.trial_state, reason text)
language plpgsql as $$
#variable_conflict use_column
begin
  update unroll_internal.worker w
    set state = 'dead', ended_at = clock_timestamp(),
      end_reason = format('no heartbeat for %s s',
        round(extract(epoch from clock_timestamp() - w.beat_at)))
    where w.id in (
      select v.id from unroll_internal.worker v
      where v.state <> 'dead' and v.beat_at + v.ttl < clock_timestamp()
      order by v.id for update skip locked);
  return query
  with revoked as materialized (
    select s.trial_id, s.token, s.worker_id,
      case
        when w.id is null then 'worker is unknown'
        when w.state = 'dead' then format('worker on %s is gone: %s', w.host, w.end_reason)
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
          when s.losses + 1 >= s.max_losses then 'failed'
          else 'queued' end)::unroll_internal.trial_state,
      finished_at = case
          when s.cancel_requested_at is not null or s.losses + 1 >= s.max_losses
            then clock_timestamp() end,
      error = case
          when s.losses + 1 >= s.max_losses
            then format('lost %s times, last: %s', s.losses + 1, r.reason)
          else s.error end,
      losses = s.losses + 1, worker_id = null, deadline_at = null, cancel_requested_at = null,
      run_at = clock_timestamp() + unroll_internal.backoff(s.losses)
    from revoked r
    where s.trial_id = r.trial_id and s.token = r.token and s.state = 'leased'
    returning s.trial_id, s.sweep_id, s.token, r.worker_id, s.state, r.reason, s.losses,
      s.max_losses
  ), closed as (
    update unroll_internal.attempt a
    set ended_at = clock_timestamp(), outcome = 'lost', error = k.reason
    from taken k where a.trial_id = k.trial_id and a.token = k.token
  ), told as (
    insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    select k.sweep_id, k.trial_id,
      case k.state when 'queued' then 'retry' when 'failed' then 'give_up' else 'cancel' end,
      format('attempt %s was lost (%s of %s): %s', k.token, k.losses, k.max_losses, k.reason),
      jsonb_build_object('token', k.token, 'worker', k.worker_id, 'state', k.state)
    from taken k order by k.trial_id
  )
  select k.trial_id, k.token, k.worker_id, k.state, k.reason from taken k order by k.trial_id;
end $$;
