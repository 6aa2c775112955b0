create or replace view unroll.examples as
select e.dataset_id, d.name as dataset, e.number as example,
  unroll_internal.example_text(e.dataset_id, e.number) as text
from unroll_internal.example e join unroll_internal.dataset d on d.id = e.dataset_id;
comment on view unroll.examples is 'The texts of datasets of texts.';
comment on column unroll.examples.dataset_id is 'Dataset: its number in unroll.datasets.';
comment on column unroll.examples.dataset is 'Name of the dataset.';
comment on column unroll.examples.example is 'Number of the example within the dataset, from 1.';
comment on column unroll.examples.text is 'The text; of a longer one the first 4000 bytes.';

create or replace view unroll.predictions as
select p.sweep_id, p.trial_id, p.number, q.split::text as split, r.example, r.position, r.step,
  -- A window of a text is not the text, of which each would repeat the beginning.
  case when q.truths is not null
    then unroll_internal.example_text(s.dataset_id, r.example) end as text,
  case when p.labels is null then r.truth::text else p.labels[r.truth::integer + 1] end as truth,
  case when p.labels is null then r.prediction::text
    else p.labels[r.prediction::integer + 1] end as prediction,
  case when p.labels is not null then r.truth <> r.prediction end as is_wrong, r.probability,
  case when p.labels is null then r.truth end as truth_value,
  case when p.labels is null then r.prediction end as prediction_value,
  case when p.labels is null then r.prediction - r.truth end as residual, r.lower, r.upper, r.loss,
  to_timestamp(r.seconds) at time zone 'UTC' as time, n.names ->> (r.example - 1) as series
from unroll_internal.predicted p
  join unroll_internal.sweep s on s.id = p.sweep_id
  join unroll_internal.prediction q on q.trial_id = p.trial_id
  -- Unpacked once, not for each row: offset keeps it apart.
  cross join lateral (
    select d.header -> 'series' as names
    from unroll_internal.dataset d where d.id = s.dataset_id offset 0) n
  cross join lateral unnest(q.examples, q.positions, q.steps, q.truths, q.predictions,
    q.probabilities, q.lowers, q.uppers, q.losses, q.times)
    r(example, position, step, truth, prediction, probability, lower, upper, loss, seconds);
comment on view unroll.predictions is
  'What models said of the examples of the validation and test splits: those of the best trials of a '
  'sweep (predictions: K in its file), and of trials for which unroll predictions asked. Of a split with '
  'more than 250,000 answers the first ones are there.';
comment on column unroll.predictions.sweep_id is 'Sweep.';
comment on column unroll.predictions.trial_id is 'Trial.';
comment on column unroll.predictions.number is 'Number of the trial within the sweep.';
comment on column unroll.predictions.split is 'validation or test.';
comment on column unroll.predictions.example is
  'Number of the example within the dataset, from 1: the row of the file that was imported.';
comment on column unroll.predictions.position is
  'Step of a sequence, or time of a series, that was predicted, from 1; of a window of a text its first '
  'token among all of the split.';
comment on column unroll.predictions.step is
  'Which step of a forecast of several steps, or which of several numbers, from 1.';
comment on column unroll.predictions.text is
  'The text of the example, if it has one; of a longer one the first 4000 bytes. NULL for the windows '
  'of a language model: see position.';
comment on column unroll.predictions.truth is 'Label or number in the data.';
comment on column unroll.predictions.prediction is 'Label or number that the model gave.';
comment on column unroll.predictions.is_wrong is 'Whether the label is another one.';
comment on column unroll.predictions.probability is
  'How probable the model held the label that it gave.';
comment on column unroll.predictions.truth_value is 'The true number, in the units of the data.';
comment on column unroll.predictions.prediction_value is 'The predicted number, likewise.';
comment on column unroll.predictions.residual is 'Predicted minus true number.';
comment on column unroll.predictions.lower is 'Lower end of the interval, of quantile forecasts.';
comment on column unroll.predictions.upper is 'Upper end of the interval, of quantile forecasts.';
comment on column unroll.predictions.loss is
  'Of a label the negative logarithm of the probability that the model gave to the true one; of a '
  'number the squared residual; of a window of a text the mean over its tokens, in nats.';
comment on column unroll.predictions.time is
  'The time that was predicted, by the clock of the data, of a series that was imported with times.';
comment on column unroll.predictions.series is
  'What the file calls the series, of several that were imported with names.';

create or replace view unroll.classes as
select t.sweep_id, a.trial_id, t.number, a.split::text as split, a.label,
  coalesce(a.hits / nullif(p.answered, 0), 0)::double precision as precision,
  coalesce(a.hits / nullif(a.support, 0), 0)::double precision as recall,
  coalesce(2 * a.hits / nullif(a.support + p.answered, 0), 0)::double precision as f1,
  a.support::bigint as support
from (
    select c.trial_id, c.split, c.actual as label, sum(c.count) as support,
      coalesce(sum(c.count) filter (where c.predicted = c.actual), 0) as hits
    from unroll_internal.confusion c group by c.trial_id, c.split, c.actual) a
  join (
    select c.trial_id, c.split, c.predicted as label, sum(c.count) as answered
    from unroll_internal.confusion c group by c.trial_id, c.split, c.predicted) p
    on p.trial_id = a.trial_id and p.split = a.split and p.label = a.label
  join unroll_internal.trial t on t.id = a.trial_id;
comment on view unroll.classes is
  'How well trials know each class, from their confusion matrices; what is never answered, or never '
  'there, counts 0 as in scikit-learn.';
comment on column unroll.classes.sweep_id is 'Sweep.';
comment on column unroll.classes.trial_id is 'Trial.';
comment on column unroll.classes.number is 'Number of the trial within the sweep.';
comment on column unroll.classes.split is 'validation or test.';
comment on column unroll.classes.label is 'The class.';
comment on column unroll.classes.precision is 'Which share of the answers of this label is right.';
comment on column unroll.classes.recall is 'Which share of the examples of this label is found.';
comment on column unroll.classes.f1 is 'Harmonic mean of precision and recall.';
comment on column unroll.classes.support is 'Examples of this label.';
