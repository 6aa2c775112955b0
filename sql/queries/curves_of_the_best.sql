-- How did the accuracy of the top five grow, epoch by epoch?
select l.rank, c.number, c.epoch,
  max(c.value) filter (where c.split = 'train') as train,
  max(c.value) filter (where c.split = 'validation') as validation
from unroll.leaderboard l
  join unroll.curves c on c.trial_id = l.trial_id and c.metric = 'accuracy'
where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
  and l.rank <= 5
group by l.rank, c.number, c.epoch
order by l.rank, c.number, c.epoch;
