-- What was tried again or given up, and why?
select d.at, d.sweep_id, d.number, d.kind, d.reason
from unroll.decisions d
where d.kind in ('retry', 'give_up')
order by d.id desc;
