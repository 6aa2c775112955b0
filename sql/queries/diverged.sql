-- Which trials diverged, when, at which learning rate, and was the norm of the gradient limited (clip_norm)?
select t.sweep_id, t.number, substring(t.error from 'in epoch ([0-9]+)')::integer as epoch,
  substring(t.error from 'at step ([0-9]+)')::integer as step,
  substring(t.error from 'training\.rate than ([^ ,]+)')::double precision as rate,
  t.error !~ 'training\.clip_norm' as clipped, t.params
from unroll.trials t
where t.error like 'diverged: %'
order by t.sweep_id, t.number;
