-- Which trials of the newest sweep solve a task of the LSTM paper: each of at least 2,000 test sequences right, sums to 0.04?
select p.trial_id, t.params ->> 'model.cell' as cell, count(distinct p.example) as sequences,
  count(distinct p.example) filter (where coalesce(p.is_wrong, abs(p.residual) >= 0.04)) as wrong,
  round(max(abs(p.residual))::numeric, 4) as largest_error,
  count(distinct p.example) >= 2000
    and not bool_or(coalesce(p.is_wrong, abs(p.residual) >= 0.04)) as solved
from unroll.predictions p join unroll.trials t on t.id = p.trial_id
where p.split = 'test'
  and p.sweep_id = (select max(q.sweep_id) from unroll.predictions q)
group by p.trial_id, t.params ->> 'model.cell'
order by cell, p.trial_id;
