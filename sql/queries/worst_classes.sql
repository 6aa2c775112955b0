-- Which classes does the best trial know least?
select c.label, c.precision, c.recall, c.f1, c.support
from unroll.classes c
where c.split = 'test'
  and c.trial_id = (
    select l.trial_id from unroll.leaderboard l
    where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
    order by l.rank, l.number limit 1)
order by c.f1, c.label;
