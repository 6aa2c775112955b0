-- What a person does to trials that wait for their search, what open sweeps need of those that are
-- over, and what else a review of the queue found.

alter table unroll_internal.sweep
  -- The specification as it was enqueued; NULL: it was never changed.
  add column asked jsonb;

alter table unroll_internal.attempt
  -- Whether it went back further than the checkpoint with which it was granted.
  add column rewound boolean not null default false;

create or replace function unroll_internal.decide(
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
  -- One that was queued again by hand must not be claimed with what it is given here half seen.
  delete from unroll_internal.ready r
    using unroll_internal.trial t
    where t.sweep_id = p_sweep and t.number = any (p_leg_trials) and r.trial_id = t.id;
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
  -- A trial that was cancelled while it waited cannot go on, nor does one that was queued again after
  -- that and runs for itself.
  update unroll_internal.leg l
    set result = 'failed', arrival = nextval('unroll_internal.arrival')
    from unroll_internal.status s
    where l.sweep_id = p_sweep and l.number >= p_legs and s.trial_id = l.trial_id
      and (s.state <> 'queued' or s.until is distinct from l.until);
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

create or replace function unroll_internal.decide(
  p_holder uuid, p_term bigint, p_sweep bigint, p_legs integer, p_taken integer,
  p_taken_legs integer[], p_judged_legs integer[], p_judgements text[], p_params jsonb[],
  p_leg_trials integer[], p_untils integer[], p_known integer[], p_ended integer[],
  p_told_trials integer[], p_kinds text[], p_reasons text[], p_details jsonb[],
  p_heirs integer[], p_parents integer[], p_heir_params jsonb[])
returns boolean language plpgsql as $$
begin
  if not unroll_internal.decide(
      p_holder, p_term, p_sweep, p_legs, p_taken, p_taken_legs, p_judged_legs, p_judgements,
      p_params, p_leg_trials, p_untils, p_known, p_ended, p_told_trials, p_kinds, p_reasons,
      p_details) then
    return false;
  end if;
  perform unroll_internal.inherit(p_sweep, p_legs, h.trial, h.parent, h.params)
    from unnest(p_heirs, p_parents, p_heir_params) h(trial, parent, params)
      join unroll_internal.trial t on t.sweep_id = p_sweep and t.number = h.trial
      join unroll_internal.leg l on l.trial_id = t.id and l.number >= p_legs and l.result is null;
  return true;
end $$;

-- As before, but once.
create or replace function unroll_internal.rewind(
  p_trial bigint, p_token integer, p_worker uuid, p_step bigint)
returns void language plpgsql as $$
declare
  at_epoch integer;
begin
  perform unroll_internal.fence(p_trial, p_token, p_worker);
  -- The late twin of a call whose answer was lost: what was written since is not its concern.
  if exists (
      select from unroll_internal.attempt a
      where a.trial_id = p_trial and a.token = p_token and a.rewound
        and a.resumed_step is not distinct from p_step) then
    return;
  end if;
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
  update unroll_internal.attempt set resumed_epoch = at_epoch, resumed_step = p_step,
      rewound = true
    where trial_id = p_trial and token = p_token;
end $$;

-- Whether an open sweep learns from a sweep, or begins with an artifact of one of its trials.
create function unroll_internal.is_needed(p_sweep bigint) returns boolean
language sql stable as $$
  select exists (
    select from unroll_internal.sweep o
    where o.state in ('submitted', 'active') and (
      coalesce(o.spec #> '{search,warm_start}', '[]') @> to_jsonb(p_sweep)
      or exists (
        select from regexp_matches(o.spec::text, '"([0-9]{1,18})/', 'g') found(parts)
          join unroll_internal.trial t on t.id = found.parts[1]::bigint
        where t.sweep_id = p_sweep)))
$$;

-- As before, but nothing that somebody still needs.
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
      and not unroll_internal.is_needed(s.id)
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

-- As before, and the limit of an owner counts what is in flight in all queues.
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
  -- An owner's limit holds over all queues: their leaders count one after the other.
  perform 1 from unroll_internal.owner o
    where o.max_parallel is not null order by o.name for no key update;
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
      max(o.max_parallel) - case when max(o.max_parallel) is not null then (
          select count(*) from unroll_internal.status st
            join unroll_internal.sweep s on s.id = st.sweep_id
          where st.state = 'leased' and s.owner = l.owner)
        + (select count(*) from unroll_internal.ready r
            join unroll_internal.sweep s on s.id = r.sweep_id
          where s.owner = l.owner) end as room
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
  where o.room is null or p.nth <= o.room
  order by p.priority, (o.in_flight + p.nth) / o.weight, p.place, p.sweep_id, p.trial_id
  limit wanted
  on conflict do nothing;
  get diagnostics moved = row_count;
  return moved;
end $$;
