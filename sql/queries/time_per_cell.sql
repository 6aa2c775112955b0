-- How long did each cell type take to train?
select p.text as cell, count(*) as trials,
  round(avg(l.training_seconds)::numeric, 1) as seconds_per_trial,
  round(avg(l.training_seconds / nullif(l.epochs, 0))::numeric, 2) as seconds_per_epoch,
  round(sum(l.training_seconds)::numeric, 1) as seconds
from unroll.leaderboard l
  join unroll.params p on p.trial_id = l.trial_id and p.name = 'model.cell'
where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
group by p.text
order by seconds_per_trial;
