-- Which numeric parameters go along with the objective (correlation from -1 to 1)?
select p.name, count(*) as trials, count(distinct p.value) as settings,
  corr(p.value, l.objective) as correlation
from unroll.leaderboard l join unroll.params p on p.trial_id = l.trial_id
where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
  and p.value is not null and l.objective not in ('NaN', 'Infinity', '-Infinity')
group by p.name
having count(distinct p.value) > 1
order by abs(corr(p.value, l.objective)) desc nulls last;
