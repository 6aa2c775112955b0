-- By how much does the best trial beat the baselines on the test split?
select b.name as baseline, b.metric, b.value as baseline_value, m.value as best_trial,
  m.value - b.value as difference
from unroll.baselines b
  join unroll.sweeps s on s.id = b.sweep_id
  join unroll.metrics m on m.trial_id = s.best_trial_id and m.split = b.split
    and m.metric = b.metric
where s.id = (select max(id) from unroll.sweeps where succeeded > 0) and b.split = 'test'
order by b.name, b.metric;
