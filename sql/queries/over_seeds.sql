-- What does each setting reach on the test split over its seeds, and what methods without a network?
select t.sweep_id, t.params, m.metric, count(*) as seeds, avg(m.value) as mean,
  stddev_samp(m.value) as deviation,
  (select string_agg(format('%s %s', b.name, round(b.value::numeric, 4)), ', ' order by b.name)
    from unroll.baselines b
    where b.sweep_id = t.sweep_id and b.split = 'test' and b.metric = m.metric) as baselines
from unroll.trials t
  join unroll.metrics m on m.trial_id = t.id and m.split = 'test'
where t.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0) and t.state = 'succeeded'
group by t.sweep_id, t.params, m.metric
order by t.params, m.metric;
