-- Which attempts went on from a checkpoint, and how much did that save?
select a.sweep_id, a.number, a.attempt, a.host, a.resumed_epoch as epochs_saved, a.resumed_step,
  a.outcome
from unroll.attempts a
where a.resumed_epoch is not null
order by a.sweep_id desc, a.number, a.attempt;
