-- How many epochs did trials need to come within one percent of their best accuracy?
with best as (
  select c.trial_id, max(c.value) as best from unroll.curves c
  where c.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
    and c.metric = 'accuracy' and c.split = 'validation' and c.value <> 'NaN'
  group by c.trial_id)
select c.number, min(c.epoch) as epochs_needed, max(t.epochs) as epochs_trained
from best b
  join unroll.curves c on c.trial_id = b.trial_id and c.metric = 'accuracy'
    and c.split = 'validation' and c.value >= 0.99 * b.best and c.value <> 'NaN'
  join unroll.trials t on t.id = c.trial_id
group by c.number
order by epochs_needed, c.number;
