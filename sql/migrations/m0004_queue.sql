-- A worker is one start of one process: its uuid is never used again, and 'dead' is terminal.
-- beat_at is in no index, so that a beat is a HOT update.
create table unroll_internal.worker (
  id uuid primary key,
  host text not null check (host <> ''),
  pid integer not null check (pid > 0),
  slots integer not null check (slots > 0),
  queue text not null default 'default' check (queue <> ''),
  version text not null default '',
  kernels text not null default '',
  state unroll_internal.worker_state not null default 'alive',
  ttl interval not null default '30 s' check (ttl > interval '0'),
  started_at timestamptz not null default clock_timestamp(),
  beat_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  end_reason text,
  check ((state = 'dead') = (ended_at is not null)),
  check ((state = 'dead') = (end_reason is not null))
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- The small mutable part of a trial. token is the fencing token: +1 per lease, never reset.
create table unroll_internal.status (
  trial_id bigint primary key references unroll_internal.trial,
  sweep_id bigint not null,
  state unroll_internal.trial_state not null default 'queued',
  token integer not null default 0 check (token >= 0),
  -- Failures are the trial's own, losses are its workers': each has its own limit.
  failures smallint not null default 0 check (failures >= 0),
  losses smallint not null default 0 check (losses >= 0),
  max_failures smallint not null check (max_failures > 0),
  max_losses smallint not null check (max_losses > 0),
  worker_id uuid,
  run_at timestamptz not null default clock_timestamp(),
  deadline_at timestamptz,
  cancel_requested_at timestamptz,
  finished_at timestamptz,
  error text,
  check ((state = 'leased') = (worker_id is not null)),
  check (state <> 'leased' or token > 0),
  check ((state >= 'succeeded') = (finished_at is not null)),
  check (state <> 'failed' or error is not null),
  check (deadline_at is null or state = 'leased'),
  check (cancel_requested_at is null or state = 'leased')
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 2000);
-- Counts by state, the queued trials of a sweep in order of number, and what is running of it.
create index status_sweep on unroll_internal.status (sweep_id, state, trial_id);
create index status_leased on unroll_internal.status (worker_id, trial_id) where state = 'leased';

-- The bounded window of trials that workers may claim: rows are inserted and deleted, never
-- updated. The scheduler alone fills it, in fair order, which position keeps.
create table unroll_internal.ready (
  trial_id bigint primary key,
  sweep_id bigint not null,
  queue text not null,
  priority smallint not null,
  position bigint generated always as identity
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0);
create index ready_order on unroll_internal.ready (queue, priority, position);
create index ready_sweep on unroll_internal.ready (sweep_id);

-- One lease of a trial to a worker.
create table unroll_internal.attempt (
  trial_id bigint not null references unroll_internal.trial,
  token integer not null check (token > 0),
  worker_id uuid not null,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  outcome unroll_internal.attempt_outcome,
  error text,
  -- The checkpoint that it went on from.
  resumed_epoch integer check (resumed_epoch >= 0),
  resumed_step bigint check (resumed_step >= 0),
  cpu_seconds double precision check (cpu_seconds >= 0),
  primary key (trial_id, token),
  check ((ended_at is null) = (outcome is null)),
  check ((resumed_epoch is null) = (resumed_step is null))
) with (fillfactor = 80);
create unique index attempt_open on unroll_internal.attempt (trial_id) where ended_at is null;
create index attempt_worker on unroll_internal.attempt (worker_id);

-- Who leads: the term grows with every change of leader.
create table unroll_internal.leader (
  role text primary key check (role <> ''),
  holder uuid not null,
  term bigint not null check (term > 0),
  acquired_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
) with (fillfactor = 50);
