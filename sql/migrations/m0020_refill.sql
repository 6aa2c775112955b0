-- A window of thousands is filled in milliseconds.

-- The fair order of what could come into the window of a queue: lower priority number first; among equals
-- the owner with the fewest trials in flight for its weight, and of that owner the sweep with the fewest
-- for its weight, one trial at a time. New are p_reach trials of each of the sweeps at most; those of
-- owners with a limit only if they are among p_counted. What waits in the window is in flight; with a lot
-- it has its place among the new ones, and none beyond its limits. A lot is a number that rounds shares,
-- which with fewer slots than sweeps would always be rounded for the same.
drop function unroll_internal.fair_order(text, bigint[], text[], bigint);
create function unroll_internal.fair_order(
  p_queue text, p_sweeps bigint[], p_counted text[], p_reach bigint, p_lot bigint)
returns table (
  trial_id bigint, sweep_id bigint, priority smallint, is_new boolean, rank double precision,
  turn bigint)
-- Not in SQL, which would plan it anew at each call. A queue changes faster than its statistics: the one
-- plan that is kept is by the indexes, which are right for any number of trials.
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  with load as materialized (
    select s.id, s.owner, s.priority, s.weight, s.max_parallel, n.leased, n.waiting,
      n.leased + case when p_lot is null then n.waiting else 0 end as in_flight,
      coalesce((hashint8extended(s.id, p_lot) & 65535) / 65536.0::double precision, 0) as lot
    from unroll_internal.sweep s
      cross join lateral (
        select
          (select count(*) from unroll_internal.status st
            where st.sweep_id = s.id and st.state = 'leased') as leased,
          (select count(*) from unroll_internal.ready r where r.sweep_id = s.id) as waiting
        offset 0) n
    where s.queue = p_queue and s.state = 'active'
  ), owned as materialized (
    -- Not of type numeric, which is slow to sort.
    select l.owner, sum(l.in_flight)::bigint as in_flight, coalesce(max(o.weight), 1) as weight,
      coalesce((hashtextextended(l.owner, p_lot) & 65535) / 65536.0::double precision, 0) as lot,
      l.owner = any (p_counted) as is_counted,
      case when max(o.max_parallel) is not null then max(o.max_parallel) - (
          select count(*) from unroll_internal.status st
            join unroll_internal.sweep s on s.id = st.sweep_id
          where st.state = 'leased' and s.owner = l.owner)
        - (select count(*) from unroll_internal.ready r
            join unroll_internal.sweep s on s.id = r.sweep_id
          where s.owner = l.owner and (p_lot is null or r.queue <> p_queue)) end as room
    from load l left join unroll_internal.owner o on o.name = l.owner group by l.owner
  ), candidate as (
    select l.id as sweep_id, r.trial_id, false as is_new
    from load l join unroll_internal.ready r on r.sweep_id = l.id
    where p_lot is not null
    union all
    select l.id, c.trial_id, true
    from load l
      cross join lateral (
        select st.trial_id from unroll_internal.status st
        -- Not "=": by state and number in order there is only the index that begins with the sweep. By
        -- number alone there is also the primary key, along all trials of all time.
        where st.sweep_id = l.id and st.state between 'queued' and 'queued'
          and st.run_at <= clock_timestamp()
          -- By a hash table; any (array) compared each with all, for a quarter of the server's time.
          and st.trial_id not in (select r.trial_id from unroll_internal.ready r)
        order by st.state, st.trial_id
        limit greatest(0, least(p_reach, l.max_parallel - l.leased - l.waiting))) c
    where l.id = any (p_sweeps)
  ), nth_of_sweep as (
    select c.*, row_number() over (partition by c.sweep_id order by c.trial_id) as nth
    from candidate c
  ), place_in_sweep as (
    select n.sweep_id, n.trial_id, n.is_new, l.owner, l.priority,
      (l.in_flight + n.nth - l.lot) / l.weight as place
    from nth_of_sweep n join load l on l.id = n.sweep_id
    where l.max_parallel is null or n.nth <= l.max_parallel - l.leased
  ), place_of_owner as (
    -- Places count over all priorities, so that an owner's limit holds over all of its sweeps.
    select p.*, row_number() over (
      partition by p.owner order by p.priority, p.place, p.sweep_id, p.trial_id) as nth
    from place_in_sweep p
  ), ranked as (
    select p.*, (o.in_flight + p.nth - o.lot) / o.weight as rank
    from place_of_owner p join owned o on o.owner = p.owner
    where o.room is null or case when o.is_counted then p.nth <= o.room else not p.is_new end
  )
  select k.trial_id, k.sweep_id, k.priority, k.is_new, k.rank,
    row_number() over (order by k.priority, k.rank, k.place, k.sweep_id, k.trial_id)
  from ranked k;
end $$;

-- Holds the sweeps of a queue that may have trials begun, and the owners whose limits can be counted, to
-- the end of the transaction. What another session holds is passed over.
create function unroll_internal.hold_queue(
  p_queue text, out sweeps bigint[], out counted text[])
language plpgsql as $$
begin
  -- An owner's limit holds over all queues: their leaders count one after the other.
  counted := array(
    select o.name from unroll_internal.owner o
    where o.max_parallel is not null order by o.name for no key update skip locked);
  -- Pausing and cancelling update these rows: they wait for us or we see them.
  sweeps := array(
    select s.id from unroll_internal.sweep s
    where s.queue = p_queue and s.state = 'active' and not s.paused and s.stopped is null
    order by s.id for share skip locked);
end $$;

-- Fills the window of a queue in the fair order, behind what waits there. Paused sweeps, and sweeps and
-- owners at their limit, get nothing. Nothing here waits for a session that holds a sweep or an owner: it
-- is passed over until the next turn.
create or replace function unroll_internal.refill(
  p_holder uuid, p_term bigint, p_queue text, p_window integer)
returns integer language plpgsql as $$
declare
  wanted integer;
  moved integer;
  latest double precision;
  held record;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select p_window - count(*), coalesce(max(r.rank), 0) into wanted, latest
    from unroll_internal.ready r where r.queue = p_queue;
  if wanted <= 0 then
    return 0;
  end if;
  select * into held from unroll_internal.hold_queue(p_queue);
  insert into unroll_internal.ready (trial_id, sweep_id, queue, priority, rank)
    select o.trial_id, o.sweep_id, p_queue, o.priority, greatest(o.rank, latest)
    from unroll_internal.fair_order(p_queue, held.sweeps, held.counted, wanted, null) o
    where o.turn <= wanted
    order by o.turn
    on conflict do nothing;
  get diagnostics moved = row_count;
  return moved;
end $$;

-- Brings the window of a queue into the fair order as it is now, after sweeps have come and trials have
-- begun and ended: what has its turn within the window comes in, and what has not goes, to come back when
-- it has. Another lot each time lets sweeps that cannot all run take turns. Rows that are being claimed
-- stay as they are; claims pass over those that move, for a moment.
drop function unroll_internal.rank_window(uuid, bigint, text);
create function unroll_internal.rank_window(
  p_holder uuid, p_term bigint, p_queue text, p_window integer, p_lot bigint)
returns integer language plpgsql as $$
declare
  moved integer;
  held record;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select * into held from unroll_internal.hold_queue(p_queue);
  with fair as materialized (
    select *
    from unroll_internal.fair_order(p_queue, held.sweeps, held.counted, p_window, p_lot) f
    where f.turn <= p_window
  ), meant as materialized (
    select w.trial_id from unroll_internal.ready w
    where w.queue = p_queue and w.trial_id not in (select f.trial_id from fair f)
  ), gone as (
    delete from unroll_internal.ready r
    where r.trial_id = any (array(
      select w.trial_id from unroll_internal.ready w
      where w.trial_id in (select m.trial_id from meant m) for update skip locked))
    returning 1
  ), come as (
    insert into unroll_internal.ready (trial_id, sweep_id, queue, priority, rank)
      select f.trial_id, f.sweep_id, p_queue, f.priority, f.rank from fair f
      where f.is_new
        -- A row that could not go was claimed: an owner with a limit is at it.
        and ((select count(*) from gone) = (select count(*) from meant)
          or f.sweep_id not in (
            select s.id from unroll_internal.sweep s where s.owner = any (held.counted)))
      order by f.turn
      on conflict do nothing
      returning 1
  ), unfair as materialized (
    select r.trial_id, f.rank
    from unroll_internal.ready r join fair f on f.trial_id = r.trial_id
    where r.rank <> f.rank
    for update of r skip locked
  ), changed as (
    update unroll_internal.ready r set rank = u.rank from unfair u where r.trial_id = u.trial_id
    returning 1
  )
  select (select count(*) from come) + (select count(*) from gone) + (select count(*) from changed)
    into moved;
  return moved;
end $$;

-- As before, but the attempts of a sweep are summed up only where its CPU time is limited.
create or replace function unroll_internal.enforce_budgets(
  p_holder uuid, p_term bigint, p_queue text)
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
        or case when s.cpu_time is not null then s.cpu_time <= (
          select sum(coalesce(a.cpu_seconds, extract(epoch from
              coalesce(a.ended_at, clock_timestamp()) - a.started_at)::double precision))
            * interval '1 s'
          from unroll_internal.status t join unroll_internal.attempt a on a.trial_id = t.trial_id
          where t.sweep_id = s.id) end)
    order by s.id for no key update of s skip locked
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

-- As before, by a plan that is kept.
create or replace function unroll_internal.finish_many(
  p_trials bigint[], p_tokens integer[], p_workers uuid[], p_cpu_seconds double precision[])
returns bigint[] language plpgsql as $$
declare
  lost bigint[];
begin
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
  into lost;
  return lost;
end $$;

-- Nothing asks for the attempts of one worker but people, and they can wait; each claim and each end
-- wrote into it.
drop index unroll_internal.attempt_worker;
