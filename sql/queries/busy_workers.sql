-- Who works, on what, and with how many free slots?
select w.host, w.pid, w.state, w.running, w.slots - w.running as free,
  date_trunc('second', clock_timestamp() - w.beat_at) as silent_for,
  count(a.trial_id) as attempts, round(sum(a.cpu_seconds)::numeric, 1) as cpu_seconds
from unroll.workers w left join unroll.attempts a on a.worker_id = w.id
group by w.id, w.host, w.pid, w.state, w.running, w.slots, w.beat_at
order by max(w.started_at) desc;
