-- Shares, budgets and keeping: what a sweep may use of the machines, and how long its rows stay.

alter table unroll_internal.sweep
  -- Among sweeps of one owner and priority, trials in flight are in proportion to this.
  add column weight double precision not null default 1 check (weight > 0 and weight <= 1000),
  add column cpu_time interval check (cpu_time > interval '0'),
  add column wall_time interval check (wall_time > interval '0'),
  add column deadline timestamptz,
  -- How long rows stay after the trial (checkpoints) or the sweep is over; NULL is for ever.
  add column keep_checkpoints interval default '1 day' check (keep_checkpoints >= interval '0'),
  add column keep_metrics interval check (keep_metrics >= interval '0'),
  add column keep_sweep interval check (keep_sweep >= interval '0'),
  add column metrics_deleted_at timestamptz,
  -- Why it ended before its budget of trials was used up.
  add column stopped text check (stopped <> '');

-- What a database role may use, among those of one priority. Roles without a row have weight 1.
create table unroll_internal.owner (
  name text primary key check (name <> ''),
  weight double precision not null default 1 check (weight > 0 and weight <= 1000),
  max_parallel integer check (max_parallel > 0)
);

-- A trial that is given up tells all of its story, not only the end.
create function unroll_internal.tell_story() returns trigger language plpgsql as $$
declare
  story text;
begin
  select string_agg(format('attempt %s on %s %s: %s', a.token, coalesce(w.host, 'an unknown worker'),
      a.outcome, coalesce(a.error, w.end_reason, 'no reason')), '; ' order by a.token) into story
    from (
      select b.* from unroll_internal.attempt b
      where b.trial_id = new.trial_id and b.ended_at is not null and b.token < new.token
        and b.outcome in ('failed', 'lost')
      order by b.token desc limit 10) a
      left join unroll_internal.worker w on w.id = a.worker_id;
  if story is not null then
    new.error := new.error || '; before: ' || story;
  end if;
  return new;
end $$;
create trigger tell_story before update of state on unroll_internal.status
  for each row when (new.state = 'failed' and new.losses + new.failures > 1)
  execute function unroll_internal.tell_story();

-- Fills the window of a queue: lower priority number first; among equals the owner with the fewest
-- trials in flight for its weight, and of that owner the sweep with the fewest for its weight, one
-- trial at a time. Paused sweeps, and sweeps and owners at their limit, get nothing.
create or replace function unroll_internal.refill(
  p_holder uuid, p_term bigint, p_queue text, p_window integer)
returns integer language plpgsql as $$
declare
  wanted integer;
  moved integer;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select p_window - count(*) into wanted from unroll_internal.ready where queue = p_queue;
  if wanted <= 0 then
    return 0;
  end if;
  -- Pausing and cancelling update these rows: they wait for us or we see them.
  perform 1 from unroll_internal.sweep
    where queue = p_queue and state = 'active' and not paused order by id for share;
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
      join unroll_internal.sweep s on s.id = l.id and not s.paused and s.stopped is null
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

-- Stops the sweeps of a queue that used up their time: what waits is cancelled at once, what runs at
-- its worker's next heartbeat. Time that no attempt reported counts by the clock.
create function unroll_internal.enforce_budgets(p_holder uuid, p_term bigint, p_queue text)
returns table (sweep_id bigint, reason text) language plpgsql as $$
declare
  spent record;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  for spent in
    select s.id,
      case
        when s.deadline <= clock_timestamp() then format('its deadline %s is over', s.deadline)
        when s.activated_at + s.wall_time <= clock_timestamp()
          then format('its wall time of %s is over', s.wall_time)
        else format('its CPU time of %s is used up', s.cpu_time) end as reason
    from unroll_internal.sweep s
    where s.queue = p_queue and s.state = 'active' and s.stopped is null
      and (s.deadline <= clock_timestamp() or s.activated_at + s.wall_time <= clock_timestamp()
        or s.cpu_time <= (
          select sum(coalesce(a.cpu_seconds, extract(epoch from
              coalesce(a.ended_at, clock_timestamp()) - a.started_at)::double precision))
            * interval '1 s'
          from unroll_internal.status t join unroll_internal.attempt a on a.trial_id = t.trial_id
          where t.sweep_id = s.id))
    order by s.id for no key update of s
  loop
    update unroll_internal.sweep s set stopped = spent.reason where s.id = spent.id;
    -- In the order of unroll.cancel.
    delete from unroll_internal.ready r where r.sweep_id = spent.id;
    perform 1 from unroll_internal.status t
      where t.sweep_id = spent.id and t.state < 'succeeded' order by t.trial_id for update;
    update unroll_internal.status t
      set state = 'cancelled', finished_at = clock_timestamp(), error = spent.reason
      where t.sweep_id = spent.id and t.state in ('queued', 'blocked');
    update unroll_internal.status t
      set cancel_requested_at = coalesce(t.cancel_requested_at, clock_timestamp())
      where t.sweep_id = spent.id and t.state = 'leased';
    insert into unroll_internal.decision (sweep_id, kind, reason)
      values (spent.id, 'stop', spent.reason);
    sweep_id := spent.id;
    reason := spent.reason;
    return next;
  end loop;
end $$;

create or replace function unroll_internal.finish_sweep(
  p_holder uuid, p_term bigint, p_sweep bigint)
returns boolean language plpgsql as $$
declare
  why text;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select coalesce('stopped: ' || stopped, 'all trials are over') into why
    from unroll_internal.sweep
    where id = p_sweep and state = 'active' and (trials_created = trials or stopped is not null)
    for no key update;
  if not found or exists (
      select from unroll_internal.status where sweep_id = p_sweep and state < 'succeeded') then
    return false;
  end if;
  update unroll_internal.sweep set state = 'finished', finished_at = clock_timestamp()
    where id = p_sweep;
  insert into unroll_internal.decision (sweep_id, kind, reason) values (p_sweep, 'finish', why);
  return true;
end $$;

-- No trials for a sweep that was stopped between two looks of the leader.
create function unroll_internal.refuse_trials_of_stopped() returns trigger language plpgsql as $$
begin
  if new.stopped is not null and new.trials_created > old.trials_created then
    raise exception 'sweep % was stopped: %', new.id, new.stopped using errcode = 'QF004';
  end if;
  return new;
end $$;
create trigger refuse_trials_of_stopped before update of trials_created on unroll_internal.sweep
  for each row execute function unroll_internal.refuse_trials_of_stopped();

-- Deletes what need not be kept any longer, p_limit rows (or trials, of whole sweeps) at most: a
-- batch that ends soon. Returns how many went; as many as p_limit means that there may be more.
create function unroll_internal.expire(p_holder uuid, p_term bigint, p_limit integer)
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
      where t.sweep_id = old.id
        and exists (select from unroll_internal.metric m where m.trial_id = t.id)
      order by t.number limit greatest(p_limit / 100, 1)) into ids;
    delete from unroll_internal.metric m where m.trial_id = any (ids);
    delete from unroll_internal.flow f where f.trial_id = any (ids);
    if cardinality(ids) = 0 then
      update unroll_internal.sweep set metrics_deleted_at = clock_timestamp() where id = old.id;
    else
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
create index sweep_finished on unroll_internal.sweep (finished_at) where finished_at is not null;

-- Many trials end well in one statement, each under its own token; returns those whose lease was
-- lost, which are left as they are.
create function unroll_internal.finish_many(
  p_trials bigint[], p_tokens integer[], p_cpu_seconds double precision[])
returns bigint[] language sql as $$
  with wanted as (
    select * from unnest(p_trials, p_tokens, p_cpu_seconds) w(trial_id, token, cpu_seconds)
  ), locked as (
    select s.trial_id, s.token, w.cpu_seconds
    from unroll_internal.status s join wanted w on w.trial_id = s.trial_id and w.token = s.token
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

-- A first lease has nothing to forget: for trials that end soon the trigger's two deletes were a
-- third of the claim.
drop trigger forget_flow on unroll_internal.attempt;
create trigger forget_flow after insert on unroll_internal.attempt
  for each row when (new.token > 1) execute function unroll_internal.forget_flow();
create trigger forget_flow_again after update of resumed_epoch on unroll_internal.attempt
  for each row execute function unroll_internal.forget_flow();
