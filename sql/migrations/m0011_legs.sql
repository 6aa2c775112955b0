-- Searches that learn from results. A trial of such a sweep is trained in legs, from one rung to the
-- next: at the end of a leg it waits (blocked) with a checkpoint until the scheduler decides, and any
-- worker goes on with it. Decisions and the order in which results were taken in are rows, so that a
-- scheduler that was stopped anywhere goes on with the same search.

alter type unroll_internal.attempt_outcome add value 'paused';

alter table unroll_internal.sweep
  -- Legs that were decided, and results that were taken in, so far.
  add column legs integer not null default 0 check (legs >= 0),
  add column taken integer not null default 0 check (taken >= 0),
  -- How often the specification was changed while the sweep ran.
  add column revision integer not null default 0 check (revision >= 0);

-- The epoch at which a trial pauses, or ends if it is the last; NULL: it is trained to its end.
alter table unroll_internal.status add column until integer check (until > 0);

-- The order in which results came in.
create sequence unroll_internal.arrival;

create table unroll_internal.leg (
  sweep_id bigint not null references unroll_internal.sweep on delete cascade,
  -- The order of decisions.
  number integer not null check (number >= 0),
  -- NULL: nothing could be begun at this place of a deterministic order.
  trial_id bigint references unroll_internal.trial on delete cascade,
  until integer check (until > 0),
  -- How many results the decision knew.
  known integer not null check (known >= 0),
  result text check (result in ('reached', 'failed')),
  -- The values of the objectives, the best so far.
  objectives double precision[],
  arrival bigint,
  -- Its place among the results that were taken in, and what became of the trial.
  taken integer check (taken >= 0),
  judgement text,
  primary key (sweep_id, number),
  unique (sweep_id, taken),
  check ((trial_id is null) = (until is null)),
  check ((result is null) = (arrival is null)),
  check ((coalesce(result, '') = 'reached') = (objectives is not null)),
  check (taken is null or result is not null)
) with (fillfactor = 80);
create unique index leg_open on unroll_internal.leg (trial_id) where result is null;
create index leg_trial on unroll_internal.leg (trial_id, number);
create index leg_new on unroll_internal.leg (sweep_id, arrival)
  where arrival is not null and taken is null;

-- As before, and says how far the trial is to be trained.
drop function unroll_internal.claim(uuid, text, integer);
create function unroll_internal.claim(p_worker uuid, p_queue text, p_count integer)
returns table (
  place bigint, trial_id bigint, token integer, epoch integer, step bigint, until integer)
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
    returning s.trial_id, s.token, s.until, k.priority, k.position
  ), resumed as (
    select row_number() over (order by l.priority, l.position) as place, l.trial_id, l.token,
      c.epoch, c.step, l.until
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
  select r.place, r.trial_id, r.token, r.epoch, r.step, r.until from resumed r
$$;

-- The trial stands at the end of its leg. Behind the fence, before the state changes.
create function unroll_internal.reach(p_trial bigint, p_objectives double precision[])
returns void language sql as $$
  update unroll_internal.leg
  set result = 'reached', objectives = p_objectives,
    arrival = nextval('unroll_internal.arrival')
  where trial_id = p_trial and result is null
$$;

-- The end of a leg that is not the last: neither a failure nor a loss, and no trial is over.
create function unroll_internal.pause(
  p_trial bigint, p_token integer, p_objectives double precision[],
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
    where s.trial_id = p_trial and s.token = p_token and s.state = 'leased'
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

-- A trial that is over without a value ends its leg, whoever ended it.
create function unroll_internal.end_leg() returns trigger language plpgsql as $$
begin
  update unroll_internal.leg
    set result = 'failed', arrival = nextval('unroll_internal.arrival')
    where trial_id = new.trial_id and result is null;
  return null;
end $$;
create trigger end_leg after update of state on unroll_internal.status
  for each row when (new.until is not null and new.state in ('failed', 'cancelled'))
  execute function unroll_internal.end_leg();

-- What a search decided, all of it or nothing: results taken in, what became of trials at their rungs,
-- new trials, legs (without a trial where nothing was decided), trials that are stopped, and why.
-- False, and nothing done, when the rows are not those from which it was decided: another leader was
-- faster, or the sweep is over.
create function unroll_internal.decide(
  p_holder uuid, p_term bigint, p_sweep bigint, p_legs integer, p_taken integer,
  p_taken_legs integer[], p_judged_legs integer[], p_judgements text[], p_params jsonb[],
  p_leg_trials integer[], p_untils integer[], p_known integer[], p_ended integer[],
  p_told_trials integer[], p_kinds text[], p_reasons text[], p_details jsonb[])
returns boolean language plpgsql as $$
declare
  swept unroll_internal.sweep;
  begun integer := cardinality(p_params);
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select s.* into swept from unroll_internal.sweep s where s.id = p_sweep for no key update;
  if not found or swept.state <> 'active' or swept.stopped is not null
      or swept.legs <> p_legs or swept.taken <> p_taken then
    return false;
  end if;
  if swept.trials_created + begun > swept.trials then
    raise exception 'sweep % has a budget of % trials, % were asked for', p_sweep, swept.trials,
      swept.trials_created + begun using errcode = 'QF004';
  end if;
  update unroll_internal.leg l
    set taken = p_taken + k.place - 1
    from unnest(p_taken_legs) with ordinality k(leg, place)
    where l.sweep_id = p_sweep and l.number = k.leg;
  update unroll_internal.leg l set judgement = k.judgement
    from unnest(p_judged_legs, p_judgements) k(leg, judgement)
    where l.sweep_id = p_sweep and l.number = k.leg;
  with made as (
    insert into unroll_internal.trial (sweep_id, number, params)
    select p_sweep, swept.trials_created + n - 1, p_params[n] from generate_series(1, begun) n
    returning id
  )
  insert into unroll_internal.status (trial_id, sweep_id, max_failures, max_losses)
    select m.id, p_sweep, swept.max_failures, swept.max_losses from made m order by m.id;
  insert into unroll_internal.leg (sweep_id, number, trial_id, until, known)
    select p_sweep, p_legs + g.place - 1, t.id, g.until, g.known
    from unnest(p_leg_trials, p_untils, p_known) with ordinality g(trial, until, known, place)
      left join unroll_internal.trial t on t.sweep_id = p_sweep and t.number = g.trial;
  perform 1 from unroll_internal.status s join unroll_internal.trial t on t.id = s.trial_id
    where t.sweep_id = p_sweep and t.number = any (p_leg_trials || p_ended)
    order by s.trial_id for update of s;
  update unroll_internal.status s
    set state = 'queued', until = g.until, run_at = clock_timestamp()
    from unnest(p_leg_trials, p_untils) g(trial, until)
      join unroll_internal.trial t on t.sweep_id = p_sweep and t.number = g.trial
    where s.trial_id = t.id and s.state in ('queued', 'blocked');
  -- A trial that was cancelled while it waited cannot go on.
  update unroll_internal.leg l
    set result = 'failed', arrival = nextval('unroll_internal.arrival')
    from unroll_internal.status s
    where l.sweep_id = p_sweep and l.number >= p_legs and s.trial_id = l.trial_id
      and s.state >= 'succeeded';
  update unroll_internal.status s
    set state = 'pruned', finished_at = clock_timestamp()
    from unroll_internal.trial t
    where t.sweep_id = p_sweep and t.number = any (p_ended) and s.trial_id = t.id
      and s.state = 'blocked';
  insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
    select p_sweep, t.id, d.kind, d.reason, d.details
    from unnest(p_told_trials, p_kinds, p_reasons, p_details) with ordinality
        d(trial, kind, reason, details, place)
      left join unroll_internal.trial t on t.sweep_id = p_sweep and t.number = d.trial
    order by d.place;
  update unroll_internal.sweep
    set trials_created = trials_created + begun, legs = legs + cardinality(p_leg_trials),
      taken = taken + cardinality(p_taken_legs)
    where id = p_sweep;
  return true;
end $$;
