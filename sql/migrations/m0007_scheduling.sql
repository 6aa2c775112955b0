-- What the leader does. Each function proves the term first, under a lock that a change of leader
-- must wait for, so that a second leader can do no harm.

create function unroll_internal.acquire_leadership(
  p_role text, p_holder uuid, p_ttl interval) returns bigint
language sql as $$
  insert into unroll_internal.leader as l (role, holder, term, expires_at)
  values (p_role, p_holder, 1, clock_timestamp() + p_ttl)
  on conflict (role) do update
    set holder = p_holder, term = l.term + 1, acquired_at = clock_timestamp(),
      expires_at = clock_timestamp() + p_ttl
    where l.expires_at <= clock_timestamp()
  returning term
$$;

create function unroll_internal.renew_leadership(
  p_role text, p_holder uuid, p_term bigint, p_ttl interval) returns boolean
language sql as $$
  with renewed as (
    update unroll_internal.leader set expires_at = clock_timestamp() + p_ttl
    where role = p_role and holder = p_holder and term = p_term
      and expires_at > clock_timestamp()
    returning term)
  select exists (select from renewed)
$$;

create function unroll_internal.resign_leadership(p_role text, p_holder uuid, p_term bigint)
returns boolean language sql as $$
  with resigned as (
    update unroll_internal.leader set expires_at = clock_timestamp()
    where role = p_role and holder = p_holder and term = p_term
      and expires_at > clock_timestamp()
    returning term)
  select exists (select from resigned)
$$;

create function unroll_internal.check_leadership(p_role text, p_holder uuid, p_term bigint)
returns void language plpgsql as $$
begin
  perform 1 from unroll_internal.leader
    where role = p_role and holder = p_holder and term = p_term
      and expires_at > clock_timestamp() for share;
  if not found then
    raise exception 'leadership lost: % term %', p_role, p_term using errcode = 'QF002';
  end if;
end $$;

-- Trials first..<first + count of a sweep, each with the decision that made it. Does nothing and
-- says so (0) when the sweep is no longer active or another leader was faster.
create function unroll_internal.create_trials(
  p_holder uuid, p_term bigint, p_sweep bigint, p_first integer, p_params jsonb[],
  p_reasons text[], p_details jsonb[])
returns integer language plpgsql as $$
declare
  swept unroll_internal.sweep;
  wanted integer := cardinality(p_params);
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  select s.* into swept from unroll_internal.sweep s where s.id = p_sweep for no key update;
  if not found or swept.state <> 'active' or swept.trials_created <> p_first then
    return 0;
  end if;
  if p_first + wanted > swept.trials then
    raise exception 'sweep % has a budget of % trials, % were asked for', p_sweep, swept.trials,
      p_first + wanted using errcode = 'QF004';
  end if;
  with made as (
    insert into unroll_internal.trial (sweep_id, number, params)
    select p_sweep, p_first + n - 1, p_params[n] from generate_series(1, wanted) n
    returning id, number
  ), queued as (
    insert into unroll_internal.status (trial_id, sweep_id, max_failures, max_losses)
    select m.id, p_sweep, swept.max_failures, swept.max_losses from made m order by m.id
  )
  insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
  select p_sweep, m.id, 'create', p_reasons[m.number - p_first + 1],
    p_details[m.number - p_first + 1]
  from made m order by m.id;
  update unroll_internal.sweep set trials_created = p_first + wanted where id = p_sweep;
  return wanted;
end $$;

-- Fills the window of a queue: lower priority number first, and among equals the sweep with the
-- fewest trials in flight first, one trial at a time. Paused sweeps and full ones get nothing.
create function unroll_internal.refill(
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
    select s.id, s.priority,
      case when s.max_parallel is null then wanted
        else greatest(least(wanted, s.max_parallel - f.in_flight), 0) end as room,
      f.in_flight
    from unroll_internal.sweep s
      cross join lateral (
        select (select count(*) from unroll_internal.status st
            where st.sweep_id = s.id and st.state = 'leased')
          + (select count(*) from unroll_internal.ready r where r.sweep_id = s.id)
          as in_flight) f
    where s.queue = p_queue and s.state = 'active' and not s.paused
  ), candidate as (
    select l.priority, l.in_flight + c.place as place, l.id as sweep_id, c.trial_id
    from load l
      cross join lateral (
        select q.trial_id, row_number() over (order by q.trial_id) as place
        from (
          select st.trial_id from unroll_internal.status st
          where st.sweep_id = l.id and st.state = 'queued' and st.run_at <= clock_timestamp()
            and not st.trial_id = any (array(
              select r.trial_id from unroll_internal.ready r where r.sweep_id = l.id))
          order by st.trial_id limit l.room) q) c
  )
  insert into unroll_internal.ready (trial_id, sweep_id, queue, priority)
  select c.trial_id, c.sweep_id, p_queue, c.priority from candidate c
  order by c.priority, c.place, c.sweep_id limit wanted
  on conflict do nothing;
  get diagnostics moved = row_count;
  return moved;
end $$;

-- True when the last trial of a fully created sweep is over and the sweep is thereby finished.
create function unroll_internal.finish_sweep(p_holder uuid, p_term bigint, p_sweep bigint)
returns boolean language plpgsql as $$
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  perform 1 from unroll_internal.sweep
    where id = p_sweep and state = 'active' and trials_created = trials for no key update;
  if not found or exists (
      select from unroll_internal.status where sweep_id = p_sweep and state < 'succeeded') then
    return false;
  end if;
  update unroll_internal.sweep set state = 'finished', finished_at = clock_timestamp()
    where id = p_sweep;
  insert into unroll_internal.decision (sweep_id, kind, reason)
    values (p_sweep, 'finish', 'all trials are over');
  return true;
end $$;
