-- Which trial is the best of each cell type?
select distinct on (p.text) p.text as cell, l.rank, l.number, l.objective, l.test_accuracy
from unroll.leaderboard l
  join unroll.params p on p.trial_id = l.trial_id and p.name = 'model.cell'
where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
order by p.text, l.rank, l.number;
