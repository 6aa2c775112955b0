-- Which workers lost or failed trials, and how many?
select a.host, a.pid, a.outcome, count(*) as attempts, max(a.ended_at) as latest,
  max(coalesce(w.end_reason, a.error)) as reason
from unroll.attempts a left join unroll.workers w on w.id = a.worker_id
where a.outcome in ('lost', 'failed')
group by a.host, a.pid, a.outcome
order by attempts desc, latest desc;
