-- How far are my sweeps, and when will they be done?
select s.id, s.name, s.state, s.paused, s.succeeded + s.pruned + s.failed + s.cancelled as ended,
  s.running, s.trials, s.best_objective, round(s.trials_per_minute::numeric, 1) as per_minute,
  date_trunc('second', s.time_left) as time_left
from unroll.sweeps s
order by s.id desc;
