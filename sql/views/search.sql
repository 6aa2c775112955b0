create or replace view unroll.legs as
select l.sweep_id, l.number as leg, l.trial_id, t.number, l.until, l.result,
  l.objectives[1] as objective,
  l.objectives, l.judgement, l.known, l.taken, l.parent_id as parent,
  coalesce(l.params, t.params) as params
from unroll_internal.leg l left join unroll_internal.trial t on t.id = l.trial_id;
comment on view unroll.legs is
  'Legs: the way of a trial from one rung to the next, in the order in which they were decided. Only of sweeps whose search learns from results.';
comment on column unroll.legs.sweep_id is 'Sweep.';
comment on column unroll.legs.leg is 'Number of the leg within the sweep, from 0.';
comment on column unroll.legs.trial_id is
  'Trial; NULL where nothing could be begun at this place of a deterministic order.';
comment on column unroll.legs.number is 'Number of the trial within the sweep.';
comment on column unroll.legs.until is 'Epochs that the trial has behind it at the end of the leg.';
comment on column unroll.legs.result is 'reached, failed, or NULL while it is under way.';
comment on column unroll.legs.objective is 'The best objective so far, at its end.';
comment on column unroll.legs.objectives is 'The same of all objectives.';
comment on column unroll.legs.judgement is
  'What became of the trial at the rung: continue, pause, stop or complete.';
comment on column unroll.legs.known is 'How many results the decision to begin it knew.';
comment on column unroll.legs.taken is
  'Place of its result among those that the search took in, from 0.';
comment on column unroll.legs.parent is
  'Trial whose checkpoint it was given at the beginning (population based training).';
comment on column unroll.legs.params is 'The hyperparameters of the trial on this leg.';

create or replace view unroll.repeats as
select g.sweep_id, g.params, g.trials, g.mean, g.deviation,
  g.mean - g.half as low, g.mean + g.half as high, g.best
from (
  select t.sweep_id, t.params, count(*) as trials, avg(r.objective) as mean,
    stddev_samp(r.objective) as deviation,
    -- Student's t for 95 %, by degrees of freedom; beyond 30 three terms of its series are right to four
    -- digits.
    case when count(*) > 31
      then stddev_samp(r.objective) / sqrt(count(*))
        * (1.96 + 2.3723 / (count(*) - 1) + 2.8225 / (count(*) - 1) ^ 2)
    when count(*) > 1 then stddev_samp(r.objective) / sqrt(count(*)) * (array[
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
      2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
      2.052, 2.048, 2.045, 2.042])[count(*) - 1] end as half,
    -- NaN, the largest number of all, is no best one.
    case s.objective_goal
      when 'maximize' then coalesce(max(r.objective) filter (where r.objective <> 'NaN'), 'NaN')
      else min(r.objective) end as best
  from unroll_internal.trial t
    join unroll_internal.result r on r.trial_id = t.id
    join unroll_internal.sweep s on s.id = t.sweep_id
  group by t.sweep_id, t.params, s.objective_goal) g;
comment on view unroll.repeats is
  'Settings with the objectives of all trials that tried them: search.repeats makes several of each.';
comment on column unroll.repeats.sweep_id is 'Sweep.';
comment on column unroll.repeats.params is 'The hyperparameters.';
comment on column unroll.repeats.trials is 'Trials with these hyperparameters that succeeded.';
comment on column unroll.repeats.mean is 'Mean of their objectives.';
comment on column unroll.repeats.deviation is 'Standard deviation; NULL for one trial.';
comment on column unroll.repeats.low is 'Lower end of the 95 % confidence interval of the mean.';
comment on column unroll.repeats.high is 'Its upper end.';
comment on column unroll.repeats.best is 'Best of the objectives.';
