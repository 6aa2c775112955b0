-- How far are the forecasts of the best trial from the truth, over time?
select coalesce(p.series, p.example::text) as series, p.position, p.time, p.step,
  p.truth_value, p.prediction_value, p.residual
from unroll.predictions p
where p.split = 'test' and p.residual is not null
  and p.trial_id = (
    select q.trial_id from unroll.predictions q join unroll.leaderboard l on l.trial_id = q.trial_id
    where q.residual is not null
    order by l.sweep_id desc, l.rank, l.number limit 1)
order by p.example, p.position, p.step;
