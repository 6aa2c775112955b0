-- What does the best trial confuse on the test split?
select c.actual, c.predicted, c.count,
  round(c.count / nullif(sum(c.count) over (partition by c.actual), 0) * 100, 2) as percent
from unroll.confusion c
where c.split = 'test'
  and c.trial_id = (
    select l.trial_id from unroll.leaderboard l
    where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
    order by l.rank, l.number limit 1)
order by c.actual, c.count desc, c.predicted;
