-- Nobody is held up by a session that holds the rows of one sweep, and who comes late to a full window
-- does not wait behind it.

drop function if exists unroll_internal.requeue(unroll_internal.sweep, bigint);

-- As before, and whoever acts for the leader waits a quarter of a second at most for any lock: what
-- another session holds is left for a later turn.
create or replace function unroll_internal.check_leadership(
  p_role text, p_holder uuid, p_term bigint)
returns void language plpgsql as $$
begin
  perform set_config('lock_timeout', '250ms', true);
  perform 1 from unroll_internal.leader
    where (role = p_role or starts_with(role, p_role || '/')) and holder = p_holder
      and term = p_term and expires_at > clock_timestamp() for share;
  if not found then
    raise exception 'leadership lost: % term %', p_role, p_term using errcode = 'QF002';
  end if;
end $$;

-- Among those of one priority, the place in the fair order as of the last refill.
alter table unroll_internal.ready add column rank double precision not null default 0;
drop index unroll_internal.ready_order;
create index ready_order on unroll_internal.ready (queue, priority, rank, position);

-- As before, in the fair order of the window; and a trial that was queued again by hand knows the trial
-- that it was copied from last.
create or replace function unroll_internal.claim(p_worker uuid, p_queue text, p_count integer)
returns table (
  place bigint, trial_id bigint, token integer, epoch integer, step bigint, until integer,
  number integer, params jsonb, sweep_id bigint, spec jsonb, facts jsonb, seed bigint,
  objective_metric text, objective_split text, objective_goal text, dataset_id bigint,
  version text, parent integer, parent_params jsonb)
language plpgsql rows 8 as $$
#variable_conflict use_column
begin
  return query
  with taken as (
    delete from unroll_internal.ready r
    where exists (
        select from unroll_internal.worker w where w.id = p_worker and w.state = 'alive')
      and r.trial_id = any (array(
        select c.trial_id from unroll_internal.ready c
        where c.queue = p_queue
        order by c.priority, c.rank, c.position
        limit p_count for update skip locked))
    returning r.trial_id, r.priority, r.rank, r.position
  ), leased as (
    update unroll_internal.status s
    set state = 'leased', token = s.token + 1, worker_id = p_worker,
      deadline_at = clock_timestamp() + w.trial_time
    from taken k
      join unroll_internal.trial t on t.id = k.trial_id
      join unroll_internal.sweep w on w.id = t.sweep_id
    where s.trial_id = k.trial_id and s.state = 'queued'
    returning s.trial_id, s.token, s.until, k.priority, k.rank, k.position
  ), resumed as (
    select row_number() over (order by l.priority, l.rank, l.position) as place, l.trial_id,
      l.token, c.epoch, c.step, l.until
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
  select r.place, r.trial_id, r.token, r.epoch, r.step, r.until, t.number, t.params, t.sweep_id,
    s.spec, s.facts, s.seed, s.objective_metric, s.objective_split::text, s.objective_goal::text,
    s.dataset_id, d.version, p.number, l.parent_params
  from resumed r
    join unroll_internal.trial t on t.id = r.trial_id
    join unroll_internal.sweep s on s.id = t.sweep_id
    join unroll_internal.dataset d on d.id = s.dataset_id
    left join lateral (
      select g.parent_id, g.parent_params from unroll_internal.leg g
      where g.trial_id = r.trial_id order by g.number desc limit 1) l on true
    left join unroll_internal.trial p on p.id = l.parent_id
  order by r.place;
end $$;

-- The fair order of what is in the window of a queue and of what could be: lower priority number first;
-- among equals the owner with the fewest trials in flight for its weight, and of that owner the sweep
-- with the fewest for its weight, one trial at a time. New are p_reach trials of each of the sweeps at
-- most; those of owners with a limit only if they are among p_counted.
create function unroll_internal.fair_order(
  p_queue text, p_sweeps bigint[], p_counted text[], p_reach bigint)
returns table (
  trial_id bigint, sweep_id bigint, priority smallint, is_new boolean, rank double precision,
  turn bigint)
language sql as $$
  with load as materialized (
    select s.id, s.owner, s.priority, s.weight, s.max_parallel,
      (select count(*) from unroll_internal.status st
        where st.sweep_id = s.id and st.state = 'leased') as leased,
      (select count(*) from unroll_internal.ready r where r.sweep_id = s.id) as waiting
    from unroll_internal.sweep s
    where s.queue = p_queue and s.state = 'active'
  ), owned as materialized (
    select l.owner, sum(l.leased) as leased, coalesce(max(o.weight), 1) as weight,
      case
        when max(o.max_parallel) is null then null
        when not l.owner = any (p_counted) then 0
        else max(o.max_parallel) - (
            select count(*) from unroll_internal.status st
              join unroll_internal.sweep s on s.id = st.sweep_id
            where st.state = 'leased' and s.owner = l.owner)
          - (select count(*) from unroll_internal.ready r
              join unroll_internal.sweep s on s.id = r.sweep_id
            where s.owner = l.owner)
      end as room
    from load l left join unroll_internal.owner o on o.name = l.owner group by l.owner
  ), candidate as (
    select l.owner, l.priority, l.weight, l.leased, l.id as sweep_id, r.trial_id, false as is_new
    from load l join unroll_internal.ready r on r.sweep_id = l.id
    union all
    select l.owner, l.priority, l.weight, l.leased, l.id, c.trial_id, true
    from load l
      join unroll_internal.sweep s on s.id = l.id and s.id = any (p_sweeps) and s.stopped is null
      cross join lateral (
        select st.trial_id from unroll_internal.status st
        where st.sweep_id = l.id and st.state = 'queued' and st.run_at <= clock_timestamp()
          and not st.trial_id = any (array(
            select r.trial_id from unroll_internal.ready r where r.sweep_id = l.id))
        order by st.trial_id
        limit greatest(0, least(p_reach, l.max_parallel - l.leased - l.waiting))) c
  ), place_in_sweep as (
    select c.*, (c.leased + row_number() over (
        partition by c.sweep_id order by c.trial_id)) / c.weight as place
    from candidate c
  ), place_of_owner as (
    -- Places count over all priorities, so that an owner's limit holds over all of its sweeps.
    select p.*, row_number() over one_by_one as nth,
      count(*) filter (where p.is_new) over one_by_one as nth_new
    from place_in_sweep p
    window one_by_one as (
      partition by p.owner order by p.priority, p.place, p.sweep_id, p.trial_id)
  )
  select p.trial_id, p.sweep_id, p.priority, p.is_new, (o.leased + p.nth) / o.weight,
    row_number() over (
      order by p.priority, (o.leased + p.nth) / o.weight, p.place, p.sweep_id, p.trial_id)
  from place_of_owner p join owned o on o.owner = p.owner
  where not p.is_new or o.room is null or p.nth_new <= o.room
$$;

-- Fills the window of a queue in the fair order. Paused sweeps, and sweeps and owners at their limit, get
-- nothing. What has its turn within the window comes in even if it is full, before what waits there
-- longer but has had more: who comes late waits for the next claim alone. And nothing here waits for a
-- session that holds a sweep or an owner: it is passed over until the next turn.
create or replace function unroll_internal.refill(
  p_holder uuid, p_term bigint, p_queue text, p_window integer)
returns integer language plpgsql as $$
declare
  wanted integer;
  moved integer;
  latest double precision;
  sweeps bigint[];
  counted text[];
  -- Alone in its queue, a sweep is claimed in the order of its trials.
  shared boolean;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select p_window - count(*), coalesce(max(r.rank), 0) into wanted, latest
    from unroll_internal.ready r where r.queue = p_queue;
  select count(*) > 1 into shared from unroll_internal.sweep s
    where s.queue = p_queue and s.state = 'active' and not s.paused and s.stopped is null;
  if wanted <= 0 and not shared then
    return 0;
  end if;
  -- An owner's limit holds over all queues: their leaders count one after the other.
  counted := array(
    select o.name from unroll_internal.owner o
    where o.max_parallel is not null order by o.name for no key update skip locked);
  -- Pausing and cancelling update these rows: they wait for us or we see them.
  sweeps := array(
    select s.id from unroll_internal.sweep s
    where s.queue = p_queue and s.state = 'active' and not s.paused
    order by s.id for share skip locked);
  insert into unroll_internal.ready (trial_id, sweep_id, queue, priority, rank)
    select o.trial_id, o.sweep_id, p_queue, o.priority,
      case when shared then o.rank else greatest(o.rank, latest) end
    from unroll_internal.fair_order(
      p_queue, sweeps, counted, case when shared then p_window else wanted end) o
    where o.is_new and o.turn <= p_window
    order by o.turn
    on conflict do nothing;
  get diagnostics moved = row_count;
  return moved;
end $$;

-- Brings the window of a queue into the fair order as it is now, after trials have begun and ended.
-- Rows that are being claimed stay as they are; claims pass over those that move, for a moment.
create function unroll_internal.rank_window(p_holder uuid, p_term bigint, p_queue text)
returns integer language plpgsql as $$
declare
  moved integer;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  with unfair as materialized (
    select r.trial_id, o.rank
    from unroll_internal.ready r
      join unroll_internal.fair_order(p_queue, '{}', '{}', 0) o on o.trial_id = r.trial_id
    where r.rank <> o.rank
    for update of r skip locked
  )
  update unroll_internal.ready r set rank = u.rank from unfair u where r.trial_id = u.trial_id;
  get diagnostics moved = row_count;
  return moved;
end $$;

-- As before, but a sweep that another session holds is stopped in a later turn.
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
        or s.cpu_time <= (
          select sum(coalesce(a.cpu_seconds, extract(epoch from
              coalesce(a.ended_at, clock_timestamp()) - a.started_at)::double precision))
            * interval '1 s'
          from unroll_internal.status t join unroll_internal.attempt a on a.trial_id = t.trial_id
          where t.sweep_id = s.id))
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

-- Whether trials of a sweep are still under way: of one that was cancelled, those whose workers were
-- not told yet.
create function unroll_internal.is_under_way(p_sweep bigint) returns boolean
language sql stable as $$
  select exists (
    select from unroll_internal.status t where t.sweep_id = p_sweep and t.state < 'succeeded')
$$;

-- As before, but nothing of a sweep that is under way.
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
        -- Members of a population go on from those of others.
        and not (s.state = 'active' and coalesce(s.spec #>> '{search,sampler}', '') = 'pbt')
      order by k.trial_id, k.step limit p_limit for update of t skip locked);
  get diagnostics gone = row_count;
  if gone >= p_limit then
    return gone;
  end if;
  select s.* into old from unroll_internal.sweep s
    where s.metrics_deleted_at is null and s.finished_at + s.keep_metrics <= clock_timestamp()
      and not unroll_internal.is_under_way(s.id)
    order by s.finished_at limit 1 for no key update skip locked;
  if found then
    -- One trial after the other along the primary key, as far as the batch goes.
    select array(
      select t.id from unroll_internal.trial t
      where t.sweep_id = old.id and t.number >= old.metrics_deleted_to
      order by t.number limit greatest(p_limit / 100, 1)) into ids;
    delete from unroll_internal.metric m
      where m.trial_id = any (ids) and not unroll_internal.is_promoted(m.trial_id);
    delete from unroll_internal.flow f
      where f.trial_id = any (ids) and not unroll_internal.is_promoted(f.trial_id);
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
      and not unroll_internal.is_needed(s.id) and not unroll_internal.is_under_way(s.id)
      -- A sweep of which only promoted trials are left stays as long as they do.
      and (not exists (select from unroll_internal.trial t where t.sweep_id = s.id)
        or exists (
          select from unroll_internal.trial t
          where t.sweep_id = s.id and not unroll_internal.is_promoted(t.id)))
    order by s.finished_at limit 1 for update skip locked;
  if found then
    -- A promotion under way holds its trials; one that was faster is seen by the second look.
    select array(
      select t.id from unroll_internal.trial t
      where t.sweep_id = old.id and not unroll_internal.is_promoted(t.id)
      order by t.number limit greatest(p_limit / 100, 1) for update skip locked) into ids;
    select array(
      select i from unnest(ids) i where not unroll_internal.is_promoted(i)) into ids;
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
    -- With its predictions.
    delete from unroll_internal.trial t where t.id = any (ids);
    if cardinality(ids) = 0 then
      if exists (select from unroll_internal.trial t where t.sweep_id = old.id) then
        return gone;
      end if;
      delete from unroll_internal.decision d where d.sweep_id = old.id;
      delete from unroll_internal.baseline b where b.sweep_id = old.id;
      delete from unroll_internal.sweep s where s.id = old.id;
      return gone + 1;
    end if;
    return p_limit;
  end if;
  return gone;
end $$;
