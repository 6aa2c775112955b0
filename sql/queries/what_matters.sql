-- Which hyperparameters matter?
select i.name, round(i.importance::numeric, 3) as importance, i.trials
from unroll.importance((select max(id) from unroll.sweeps where succeeded > 0)) i
order by i.importance desc, i.name;
