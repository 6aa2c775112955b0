-- Did any trial diverge: where did the training loss become infinite or no number?
select c.sweep_id, c.number, min(c.epoch) as epoch, t.params
from unroll.curves c join unroll.trials t on t.id = c.trial_id
where c.metric = 'loss' and c.split = 'train'
  and c.value in ('NaN', 'Infinity', '-Infinity')
group by c.sweep_id, c.number, t.params
order by c.sweep_id, c.number;
