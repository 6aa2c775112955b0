-- Which trials of the newest sweep solve a task of the LSTM paper: 2,000 test sequences in a row right, sums to 0.04?
with answered as (
  select p.trial_id, p.example, max(abs(p.residual)) as error,
    bool_or(coalesce(p.is_wrong, abs(p.residual) >= 0.04)) as is_wrong
  from unroll.predictions p
  where p.split = 'test' and p.sweep_id = (select max(q.sweep_id) from unroll.predictions q)
  group by p.trial_id, p.example
), counted as (
  select a.*, count(*) filter (where a.is_wrong) over (
      partition by a.trial_id order by a.example) as wrong
  from answered a
), runs as (
  -- Between one that is wrong and the next.
  select c.trial_id, c.wrong, count(*) as sequences, count(*) filter (where not c.is_wrong) as in_a_row,
    max(c.error) as error
  from counted c group by c.trial_id, c.wrong
)
select r.trial_id, t.params ->> 'model.cell' as cell, sum(r.sequences) as sequences,
  max(r.wrong) as wrong, max(r.in_a_row) as in_a_row,
  round(max(r.error)::numeric, 4) as largest_error, max(r.in_a_row) >= 2000 as solved
from runs r join unroll.trials t on t.id = r.trial_id
group by r.trial_id, t.params ->> 'model.cell'
order by cell, r.trial_id;
