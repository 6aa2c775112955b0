-- Whose gradients vanish or explode in their last measurement, and what did it cost?
select distinct on (v.trial_id, v.layer) v.sweep_id, v.number, p.text as cell, v.layer, v.verdict,
  v.lag, v.jacobian, v.decay as factor_per_step, t.objective
from unroll.gradient_verdicts v
  join unroll.trials t on t.id = v.trial_id
  left join unroll.params p on p.trial_id = v.trial_id and p.name = 'model.cell'
order by v.trial_id, v.layer, v.epoch desc;
