create or replace view unroll.curves as
select t.sweep_id, m.trial_id, t.number, m.epoch, m.split::text as split, n.name as metric,
  m.value
from unroll_internal.metric m
  join unroll_internal.metric_name n on n.id = m.name_id
  join unroll_internal.trial t on t.id = m.trial_id;
comment on view unroll.curves is 'Learning curves: one row per trial, epoch, split and metric.';
comment on column unroll.curves.sweep_id is 'Sweep.';
comment on column unroll.curves.trial_id is 'Trial.';
comment on column unroll.curves.number is 'Number of the trial within the sweep.';
comment on column unroll.curves.epoch is 'Epoch, from 1.';
comment on column unroll.curves.split is 'train, validation or test.';
comment on column unroll.curves.metric is 'Name of the metric.';
comment on column unroll.curves.value is 'Its value; NaN sorts above every number.';

create or replace view unroll.metrics as
select t.sweep_id, r.trial_id, t.number, m.split::text as split, n.name as metric, m.value,
  r.best_epoch as epoch
from unroll_internal.result r
  join unroll_internal.metric m on m.trial_id = r.trial_id and m.epoch = r.best_epoch
  join unroll_internal.metric_name n on n.id = m.name_id
  join unroll_internal.trial t on t.id = r.trial_id;
comment on view unroll.metrics is
  'Final metrics of trials that succeeded: those of the weights of the best epoch.';
comment on column unroll.metrics.sweep_id is 'Sweep.';
comment on column unroll.metrics.trial_id is 'Trial.';
comment on column unroll.metrics.number is 'Number of the trial within the sweep.';
comment on column unroll.metrics.split is 'train, validation or test.';
comment on column unroll.metrics.metric is 'Name of the metric.';
comment on column unroll.metrics.value is 'Its value.';
comment on column unroll.metrics.epoch is 'The best epoch.';

-- Metrics are looked up in columns of their own outside of the ranking: so they are read of the rows that a
-- limit leaves, not of all that are ranked, and not at all where nobody asks for them.
create or replace view unroll.leaderboard as
select l.sweep_id, l.rank, l.trial_id, l.number, l.objective, l.best_epoch, l.epochs,
  (select m.value from unroll_internal.metric m
    where m.trial_id = l.trial_id and m.split = 'test' and m.epoch = l.best_epoch and m.name_id = (
      select n.id from unroll_internal.metric_name n where n.name = 'accuracy')) as test_accuracy,
  (select m.value from unroll_internal.metric m
    where m.trial_id = l.trial_id and m.split = 'test' and m.epoch = l.best_epoch and m.name_id = (
      select n.id from unroll_internal.metric_name n where n.name = 'f1')) as test_f1,
  (select m.value from unroll_internal.metric m
    where m.trial_id = l.trial_id and m.split = 'test' and m.epoch = l.best_epoch and m.name_id = (
      select n.id from unroll_internal.metric_name n where n.name = 'loss')) as test_loss,
  (select jsonb_object_agg(n.name, m.value)
    from unroll_internal.metric m join unroll_internal.metric_name n on n.id = m.name_id
    where m.trial_id = l.trial_id and m.split = 'test' and m.epoch = l.best_epoch) as test_metrics,
  l.params, l.training_seconds, l.finished_at
from (
  select t.sweep_id,
    rank() over (partition by t.sweep_id order by
      case s.objective_goal when 'maximize' then -r.objective else r.objective end) as rank,
    r.trial_id, t.number, r.objective, r.best_epoch, r.epochs, t.params, r.training_seconds,
    u.finished_at
  from unroll_internal.result r
    join unroll_internal.trial t on t.id = r.trial_id
    join unroll_internal.sweep s on s.id = t.sweep_id
    join unroll_internal.status u on u.trial_id = r.trial_id and u.state = 'succeeded') l;
comment on view unroll.leaderboard is
  'Trials that succeeded, ranked within their sweep by objective; NaN is last.';
comment on column unroll.leaderboard.sweep_id is 'Sweep.';
comment on column unroll.leaderboard.rank is 'Place within the sweep, 1 is best.';
comment on column unroll.leaderboard.trial_id is 'Trial.';
comment on column unroll.leaderboard.number is 'Number of the trial within the sweep.';
comment on column unroll.leaderboard.objective is 'The sweep''s objective at the best epoch.';
comment on column unroll.leaderboard.best_epoch is 'Epoch whose weights are the model.';
comment on column unroll.leaderboard.epochs is 'Epochs that were trained.';
comment on column unroll.leaderboard.test_accuracy is 'Accuracy on the test split, if measured.';
comment on column unroll.leaderboard.test_f1 is 'F1 on the test split, if measured.';
comment on column unroll.leaderboard.test_loss is 'Loss on the test split, if measured.';
comment on column unroll.leaderboard.test_metrics is 'All metrics on the test split.';
comment on column unroll.leaderboard.params is 'The hyperparameters.';
comment on column unroll.leaderboard.training_seconds is 'Time spent training.';
comment on column unroll.leaderboard.finished_at is 'When the trial was over.';

create or replace view unroll.confusion as
select t.sweep_id, c.trial_id, t.number, c.split::text as split, c.actual, c.predicted, c.count
from unroll_internal.confusion c join unroll_internal.trial t on t.id = c.trial_id;
comment on view unroll.confusion is 'Confusion matrices of the weights of the best epoch.';
comment on column unroll.confusion.sweep_id is 'Sweep.';
comment on column unroll.confusion.trial_id is 'Trial.';
comment on column unroll.confusion.number is 'Number of the trial within the sweep.';
comment on column unroll.confusion.split is 'validation or test.';
comment on column unroll.confusion.actual is 'Label in the data.';
comment on column unroll.confusion.predicted is 'Label that the model gave.';
comment on column unroll.confusion.count is 'How many examples.';

create or replace view unroll.baselines as
select b.sweep_id, b.name, b.split::text as split, b.metric, b.value
from unroll_internal.baseline b;
comment on view unroll.baselines is 'What methods without a network reach on the same data.';
comment on column unroll.baselines.sweep_id is 'Sweep.';
comment on column unroll.baselines.name is 'Method, for instance majority.';
comment on column unroll.baselines.split is 'Split on which it was measured.';
comment on column unroll.baselines.metric is 'Name of the metric.';
comment on column unroll.baselines.value is 'Its value.';

create or replace view unroll.checkpoints as
select t.sweep_id, c.trial_id, t.number, c.epoch, c.step, c.token as attempt, c.sha256, c.bytes,
  c.created_at
from unroll_internal.checkpoint c join unroll_internal.trial t on t.id = c.trial_id
where c.complete;
comment on view unroll.checkpoints is
  'Points from which a trial can go on: the newest two of each. The weights of the best epoch so far '
  'are in every one of them, so that none is kept for its sake.';
comment on column unroll.checkpoints.sweep_id is 'Sweep.';
comment on column unroll.checkpoints.trial_id is 'Trial.';
comment on column unroll.checkpoints.number is 'Number of the trial within the sweep.';
comment on column unroll.checkpoints.epoch is 'Last whole epoch before it.';
comment on column unroll.checkpoints.step is 'Optimizer steps before it.';
comment on column unroll.checkpoints.attempt is 'Attempt that wrote it.';
comment on column unroll.checkpoints.sha256 is 'sha256 of its bytes.';
comment on column unroll.checkpoints.bytes is 'Size.';
comment on column unroll.checkpoints.created_at is 'When it was written.';

create or replace view unroll.artifacts as
select a.id, t.sweep_id, a.trial_id, t.number, a.name, a.media_type, a.sha256, a.bytes,
  a.created_at
from unroll_internal.artifact a join unroll_internal.trial t on t.id = a.trial_id
where a.complete;
comment on view unroll.artifacts is 'Files that trials produced; unroll artifact get fetches one.';
comment on column unroll.artifacts.id is 'Number of the artifact.';
comment on column unroll.artifacts.sweep_id is 'Sweep.';
comment on column unroll.artifacts.trial_id is 'Trial.';
comment on column unroll.artifacts.number is 'Number of the trial within the sweep.';
comment on column unroll.artifacts.name is 'File name.';
comment on column unroll.artifacts.media_type is 'What it holds.';
comment on column unroll.artifacts.sha256 is 'sha256 of its bytes.';
comment on column unroll.artifacts.bytes is 'Size.';
comment on column unroll.artifacts.created_at is 'When it was written.';
