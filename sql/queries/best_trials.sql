-- Which ten trials are the best, with their test accuracy?
select l.rank, l.number, l.objective, l.test_accuracy, l.params
from unroll.leaderboard l
where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
order by l.rank, l.number
limit 10;
