create or replace view unroll.sweeps as
select s.id, s.name, s.state::text as state, s.paused, d.name as dataset,
  d.version as dataset_version, s.priority, s.max_parallel, s.trials, s.trials_created as created,
  c.queued, c.running, c.succeeded, c.pruned, c.failed, c.cancelled,
  s.objective_metric, s.objective_split::text as objective_split,
  s.objective_goal::text as objective_goal, b.objective as best_objective,
  b.trial_id as best_trial_id, b.number as best_number,
  c.ended / nullif(e.seconds, 0) * 60 as trials_per_minute,
  case when s.state = 'active' and not s.paused and c.ended > 0
    then (s.trials - c.ended) * e.seconds / c.ended * interval '1 s' end as time_left,
  s.seed, s.error, s.owner, s.idempotency_key, s.spec, s.facts, s.created_at, s.activated_at,
  s.finished_at, s.weight, s.stopped
from unroll_internal.sweep s
  join unroll_internal.dataset d on d.id = s.dataset_id
  cross join lateral (
    select count(*) filter (where t.state in ('queued', 'blocked')) as queued,
      count(*) filter (where t.state = 'leased') as running,
      count(*) filter (where t.state = 'succeeded') as succeeded,
      count(*) filter (where t.state = 'pruned') as pruned,
      count(*) filter (where t.state = 'failed') as failed,
      count(*) filter (where t.state = 'cancelled') as cancelled,
      count(*) filter (where t.state >= 'succeeded') as ended
    from unroll_internal.status t where t.sweep_id = s.id) c
  cross join lateral (
    select extract(epoch from coalesce(s.finished_at, clock_timestamp()) - s.activated_at
      )::double precision as seconds) e
  left join lateral (
    select r.objective, r.trial_id, t.number
    from unroll_internal.trial t join unroll_internal.result r on r.trial_id = t.id
    where t.sweep_id = s.id
    order by case s.objective_goal when 'maximize' then -r.objective else r.objective end,
      t.number
    limit 1) b on true;
comment on view unroll.sweeps is 'Sweeps with their progress and their best trial.';
comment on column unroll.sweeps.id is 'Number of the sweep.';
comment on column unroll.sweeps.name is 'Name from the sweep file; it need not be unique.';
comment on column unroll.sweeps.state is
  'submitted, active, refused (see error), finished or cancelled.';
comment on column unroll.sweeps.paused is 'While true, no further trial starts.';
comment on column unroll.sweeps.dataset is 'Name of the dataset.';
comment on column unroll.sweeps.dataset_version is 'Version of the dataset, fixed at enqueue.';
comment on column unroll.sweeps.priority is 'Sweeps with a smaller number run first.';
comment on column unroll.sweeps.max_parallel is 'Most trials at one time; NULL is no limit.';
comment on column unroll.sweeps.trials is 'The budget: how many trials the sweep will have.';
comment on column unroll.sweeps.created is 'How many of them exist already.';
comment on column unroll.sweeps.queued is 'Trials that wait.';
comment on column unroll.sweeps.running is 'Trials that a worker holds.';
comment on column unroll.sweeps.succeeded is 'Trials that ended well.';
comment on column unroll.sweeps.pruned is 'Trials that were stopped early as not promising.';
comment on column unroll.sweeps.failed is 'Trials that were given up.';
comment on column unroll.sweeps.cancelled is 'Trials that were cancelled.';
comment on column unroll.sweeps.objective_metric is 'Metric that says which trial is best.';
comment on column unroll.sweeps.objective_split is 'Split on which it is measured.';
comment on column unroll.sweeps.objective_goal is 'minimize or maximize.';
comment on column unroll.sweeps.best_objective is 'Best objective so far; NaN loses to all.';
comment on column unroll.sweeps.best_trial_id is 'Trial that reached it.';
comment on column unroll.sweeps.best_number is 'Number of that trial within the sweep.';
comment on column unroll.sweeps.trials_per_minute is 'Trials over, per minute since activation.';
comment on column unroll.sweeps.time_left is 'What remains at that rate; NULL when unknown.';
comment on column unroll.sweeps.seed is 'Seed of everything random in the sweep.';
comment on column unroll.sweeps.error is 'Why the sweep was refused.';
comment on column unroll.sweeps.owner is 'Database role that enqueued it.';
comment on column unroll.sweeps.idempotency_key is 'Key given at enqueue.';
comment on column unroll.sweeps.spec is 'The sweep as it was enqueued.';
comment on column unroll.sweeps.facts is 'What the scheduler resolved: sizes, kinds, defaults.';
comment on column unroll.sweeps.created_at is 'When it was enqueued.';
comment on column unroll.sweeps.activated_at is 'When the scheduler accepted it.';
comment on column unroll.sweeps.finished_at is 'When it was over.';
comment on column unroll.sweeps.weight is
  'Its share of the trials in flight, beside other sweeps of its owner and priority.';
comment on column unroll.sweeps.stopped is
  'Why it ended before all of its trials: CPU time, wall time or deadline.';

create or replace view unroll.trials as
select t.id, t.sweep_id, t.number, t.params,
  case s.state when 'leased' then 'running' else s.state::text end as state,
  coalesce(r.objective, g.objective) as objective, r.best_epoch,
  coalesce(r.epochs, g.until) as epochs, r.training_seconds, s.token as attempts, s.failures,
  s.losses, s.error, s.worker_id, s.cancel_requested_at is not null as cancelling,
  t.created_at, a.started_at, s.finished_at
from unroll_internal.trial t
  join unroll_internal.status s on s.trial_id = t.id
  left join unroll_internal.result r on r.trial_id = t.id
  left join unroll_internal.attempt a on a.trial_id = t.id and a.token = s.token
  left join lateral (
    select l.objectives[1] as objective, l.until from unroll_internal.leg l
    where l.trial_id = t.id and l.result = 'reached' and s.until is not null
    order by l.number desc limit 1) g on true;
comment on view unroll.trials is 'Trials: one setting of the hyperparameters each.';
comment on column unroll.trials.id is 'Number of the trial over all sweeps.';
comment on column unroll.trials.sweep_id is 'Sweep that it belongs to.';
comment on column unroll.trials.number is 'Number within the sweep, from 0.';
comment on column unroll.trials.params is 'The hyperparameters.';
comment on column unroll.trials.state is
  'queued, running, blocked (waits at a rung for a decision), succeeded, pruned, failed or cancelled.';
comment on column unroll.trials.objective is
  'The sweep''s objective at the best epoch, or so far for a trial that is not trained to its end.';
comment on column unroll.trials.best_epoch is 'Epoch whose weights are the model.';
comment on column unroll.trials.epochs is 'Epochs that were trained.';
comment on column unroll.trials.training_seconds is 'Time spent training, over all attempts.';
comment on column unroll.trials.attempts is 'How many times a worker took it.';
comment on column unroll.trials.failures is 'How many attempts failed by the trial''s own fault.';
comment on column unroll.trials.losses is 'How many attempts were lost with their worker.';
comment on column unroll.trials.error is 'What went wrong last.';
comment on column unroll.trials.worker_id is 'Worker that runs it now.';
comment on column unroll.trials.cancelling is 'True until its worker heeds a cancellation.';
comment on column unroll.trials.created_at is 'When it was created.';
comment on column unroll.trials.started_at is 'When its latest attempt started.';
comment on column unroll.trials.finished_at is 'When it was over.';

create or replace view unroll.params as
select t.sweep_id, t.id as trial_id, t.number, p.key as name, p.value #>> '{}' as text,
  case jsonb_typeof(p.value) when 'number' then (p.value #>> '{}')::double precision end as value
from unroll_internal.trial t cross join lateral jsonb_each(t.params) p(key, value);
comment on view unroll.params is 'Hyperparameters: one row per trial and parameter.';
comment on column unroll.params.sweep_id is 'Sweep.';
comment on column unroll.params.trial_id is 'Trial.';
comment on column unroll.params.number is 'Number of the trial within the sweep.';
comment on column unroll.params.name is 'Name of the parameter, for instance model.hidden.';
comment on column unroll.params.text is 'Its value as text.';
comment on column unroll.params.value is 'Its value if it is a number.';

create or replace view unroll.attempts as
select t.sweep_id, a.trial_id, t.number, a.token as attempt, a.worker_id, w.host, w.pid,
  coalesce(a.outcome::text, 'running') as outcome, a.error, a.resumed_epoch, a.resumed_step,
  a.started_at, a.ended_at,
  extract(epoch from coalesce(a.ended_at, clock_timestamp()) - a.started_at
    )::double precision as seconds, a.cpu_seconds, w.kernels
from unroll_internal.attempt a
  join unroll_internal.trial t on t.id = a.trial_id
  left join unroll_internal.worker w on w.id = a.worker_id;
comment on view unroll.attempts is 'Attempts: each time that a worker took a trial.';
comment on column unroll.attempts.sweep_id is 'Sweep.';
comment on column unroll.attempts.trial_id is 'Trial.';
comment on column unroll.attempts.number is 'Number of the trial within the sweep.';
comment on column unroll.attempts.attempt is 'Number of the attempt, from 1: its fencing token.';
comment on column unroll.attempts.worker_id is 'Worker.';
comment on column unroll.attempts.host is 'Machine of the worker.';
comment on column unroll.attempts.pid is 'Process of the worker.';
comment on column unroll.attempts.outcome is
  'running, succeeded, paused (at a rung), pruned, failed, cancelled, released (given back, or taken '
  'back after the database was away) or lost.';
comment on column unroll.attempts.error is 'Why it failed or was lost.';
comment on column unroll.attempts.resumed_epoch is 'Epoch of the checkpoint it went on from.';
comment on column unroll.attempts.resumed_step is 'Step of the checkpoint it went on from.';
comment on column unroll.attempts.started_at is 'When it started.';
comment on column unroll.attempts.ended_at is 'When it ended.';
comment on column unroll.attempts.seconds is 'How long it took or has taken.';
comment on column unroll.attempts.cpu_seconds is 'Processor time that it reported at its end.';
comment on column unroll.attempts.kernels is
  'Kernels that its worker took: results are the same bits on the same kernels.';

create or replace view unroll.workers as
select w.id, w.host, w.pid, w.slots,
  case when w.state <> 'dead' and w.beat_at + w.ttl < clock_timestamp() then 'silent'
    else w.state::text end as state,
  w.state <> 'dead' and w.beat_at + w.ttl >= clock_timestamp() as alive,
  (select count(*) from unroll_internal.status s
    where s.worker_id = w.id and s.state = 'leased') as running,
  w.queue, w.version, w.kernels, w.started_at, w.beat_at, w.ttl, w.ended_at, w.end_reason
from unroll_internal.worker w;
comment on view unroll.workers is 'Worker processes, past and present.';
comment on column unroll.workers.id is 'Identity of this start of the process.';
comment on column unroll.workers.host is 'Machine.';
comment on column unroll.workers.pid is 'Process.';
comment on column unroll.workers.slots is 'How many trials it runs at a time.';
comment on column unroll.workers.state is
  'alive, draining (finishes what it has), silent (missed its heartbeat) or dead.';
comment on column unroll.workers.alive is 'Whether its heartbeat is in time by the database clock.';
comment on column unroll.workers.running is 'Trials that it holds now.';
comment on column unroll.workers.queue is 'Queue that it serves.';
comment on column unroll.workers.version is 'Version of the program.';
comment on column unroll.workers.kernels is 'Kernels chosen for its processor.';
comment on column unroll.workers.started_at is 'When it started.';
comment on column unroll.workers.beat_at is 'Its last heartbeat.';
comment on column unroll.workers.ttl is 'Without a heartbeat for this long it counts as dead.';
comment on column unroll.workers.ended_at is 'When it stopped or was declared dead.';
comment on column unroll.workers.end_reason is 'Why.';

create or replace view unroll.decisions as
select d.id, d.sweep_id, d.trial_id, t.number, d.kind, d.reason, d.details, d.at
from unroll_internal.decision d left join unroll_internal.trial t on t.id = d.trial_id;
comment on view unroll.decisions is 'Decisions about sweeps and trials, each with its reason.';
comment on column unroll.decisions.id is 'Number; later decisions have higher ones.';
comment on column unroll.decisions.sweep_id is 'Sweep.';
comment on column unroll.decisions.trial_id is 'Trial, if it is about one.';
comment on column unroll.decisions.number is 'Number of the trial within the sweep.';
comment on column unroll.decisions.kind is
  'activate, refuse, create, continue, pause, promote, copy, stop, retry, give_up, cancel, resume, set, take_back, stuck, name, '
  'withdraw or finish.';
comment on column unroll.decisions.reason is 'Why, in words.';
comment on column unroll.decisions.details is 'The facts behind it.';
comment on column unroll.decisions.at is 'When.';
