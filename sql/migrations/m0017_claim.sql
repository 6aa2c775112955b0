-- As before, and says all that the worker must know, in the same statement. A function that writes has
-- a newer snapshot than the query that calls it: joined there, a trial that was made, or given other
-- values, between the two was leased and never told, or told with the values it had before.
drop function unroll_internal.claim(uuid, text, integer);
create function unroll_internal.claim(p_worker uuid, p_queue text, p_count integer)
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
  select r.place, r.trial_id, r.token, r.epoch, r.step, r.until, t.number, t.params, t.sweep_id,
    s.spec, s.facts, s.seed, s.objective_metric, s.objective_split::text, s.objective_goal::text,
    s.dataset_id, d.version, p.number, l.parent_params
  from resumed r
    join unroll_internal.trial t on t.id = r.trial_id
    join unroll_internal.sweep s on s.id = t.sweep_id
    join unroll_internal.dataset d on d.id = s.dataset_id
    left join unroll_internal.leg l on l.trial_id = r.trial_id and l.result is null
    left join unroll_internal.trial p on p.id = l.parent_id
  order by r.place;
end $$;
