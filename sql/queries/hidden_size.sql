-- Is a larger hidden size better?
select p.value as hidden, count(*) as trials, max(l.objective) as highest,
  avg(l.objective) as mean, min(l.objective) as lowest,
  round(avg(l.training_seconds)::numeric, 1) as seconds_per_trial
from unroll.leaderboard l
  join unroll.params p on p.trial_id = l.trial_id and p.name = 'model.hidden'
where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
  and l.objective <> 'NaN'
group by p.value
order by p.value;
