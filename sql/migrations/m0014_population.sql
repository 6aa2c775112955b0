-- Population based training: a trial goes on from the checkpoint of another one, with values of its
-- own. Its rows are then those of its ancestors up to the copy, as its weights are.

alter table unroll_internal.leg
  -- The values of the trial on this leg; NULL: those that it has now.
  add column params jsonb,
  add column parent_id bigint references unroll_internal.trial on delete cascade,
  -- Those of the parent, under which the checkpoint was taken.
  add column parent_params jsonb,
  add check ((parent_id is null) = (parent_params is null));
create index leg_parent on unroll_internal.leg (parent_id) where parent_id is not null;

-- Gives a trial the checkpoint and the curves of another one. Both wait at the same rung: the copies are
-- made before those that are copied go on.
create function unroll_internal.inherit(
  p_sweep bigint, p_legs integer, p_trial integer, p_parent integer, p_params jsonb)
returns void language plpgsql as $$
declare
  heir record;
  parent record;
  newest record;
begin
  select t.id, t.params, s.token into strict heir
    from unroll_internal.trial t join unroll_internal.status s on s.trial_id = t.id
    where t.sweep_id = p_sweep and t.number = p_trial;
  select t.id, t.params into strict parent
    from unroll_internal.trial t where t.sweep_id = p_sweep and t.number = p_parent;
  update unroll_internal.leg l set params = heir.params
    where l.trial_id = heir.id and l.number < p_legs and l.params is null;
  update unroll_internal.leg l
    set params = p_params, parent_id = parent.id, parent_params = parent.params
    where l.trial_id = heir.id and l.number >= p_legs;
  update unroll_internal.trial t set params = p_params where t.id = heir.id;

  delete from unroll_internal.checkpoint c where c.trial_id = heir.id;
  select c.step, c.epoch, c.sha256, c.bytes into strict newest
    from unroll_internal.checkpoint c
    where c.trial_id = parent.id and c.complete and c.epoch = (
      select max(l.until) from unroll_internal.leg l
      where l.trial_id = heir.id and l.number < p_legs)
    order by c.step desc limit 1;
  insert into unroll_internal.checkpoint (trial_id, step, epoch, token, sha256, bytes, complete)
    values (heir.id, newest.step, newest.epoch, heir.token, newest.sha256, newest.bytes, true);
  insert into unroll_internal.checkpoint_chunk (trial_id, step, number, sha256, content)
    select heir.id, c.step, c.number, c.sha256, c.content from unroll_internal.checkpoint_chunk c
    where c.trial_id = parent.id and c.step = newest.step;

  delete from unroll_internal.metric m where m.trial_id = heir.id;
  insert into unroll_internal.metric (trial_id, epoch, name_id, split, token, value)
    select heir.id, m.epoch, m.name_id, m.split, heir.token, m.value
    from unroll_internal.metric m where m.trial_id = parent.id;
  -- What was measured of gradients goes with the weights.
  delete from unroll_internal.flow f where f.trial_id = heir.id;
  insert into unroll_internal.flow
      (trial_id, epoch, layer, measure, lag, token, mean, low, median, high)
    select heir.id, f.epoch, f.layer, f.measure, f.lag, heir.token, f.mean, f.low, f.median, f.high
    from unroll_internal.flow f where f.trial_id = parent.id;
  delete from unroll_internal.flow_verdict v where v.trial_id = heir.id;
  insert into unroll_internal.flow_verdict
      (trial_id, epoch, layer, token, verdict, reason, lag, jacobian, decay, memory_steps,
        spectral_radius, norm_bound)
    select heir.id, v.epoch, v.layer, heir.token, v.verdict, v.reason, v.lag, v.jacobian, v.decay,
      v.memory_steps, v.spectral_radius, v.norm_bound
    from unroll_internal.flow_verdict v where v.trial_id = parent.id;
end $$;

-- As before, and with trials that go on as copies of others.
create function unroll_internal.decide(
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
  perform unroll_internal.inherit(p_sweep, p_legs, p_heirs[n], p_parents[n], p_heir_params[n])
    from generate_series(1, cardinality(p_heirs)) n;
  return true;
end $$;
