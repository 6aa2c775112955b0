-- Of which test examples was the best trial most sure, and wrong?
select p.example, p.truth, p.prediction, round(p.probability::numeric, 4) as probability,
  left(p.text, 80) as text
from unroll.predictions p
where p.split = 'test' and p.is_wrong
  and p.trial_id = (
    select l.trial_id from unroll.leaderboard l
    where l.sweep_id = (select max(id) from unroll.sweeps where succeeded > 0)
      and exists (select from unroll.predictions k where k.trial_id = l.trial_id)
    order by l.rank, l.number limit 1)
order by p.probability desc, p.example
limit 20;
