-- Which trials overfit: how far is training ahead of validation at the best epoch?
select m.number, max(m.value) filter (where m.split = 'train') as train,
  max(m.value) filter (where m.split = 'validation') as validation,
  max(m.value) filter (where m.split = 'train')
    - max(m.value) filter (where m.split = 'validation') as gap
from unroll.metrics m
where m.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
  and m.metric = 'accuracy'
group by m.number
order by gap desc nulls last, m.number;
