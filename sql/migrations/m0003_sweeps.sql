create table unroll_internal.sweep (
  id bigint generated always as identity primary key,
  name text not null check (name <> '' and length(name) <= 200),
  idempotency_key text unique check (idempotency_key <> ''),
  owner text not null default current_user,
  queue text not null default 'default' check (queue <> ''),
  spec jsonb not null check (jsonb_typeof(spec) = 'object'),
  -- What the scheduler resolved at activation: kinds, sizes, defaults.
  facts jsonb not null default '{}' check (jsonb_typeof(facts) = 'object'),
  dataset_id bigint not null references unroll_internal.dataset,
  state unroll_internal.sweep_state not null default 'submitted',
  paused boolean not null default false,
  -- Less is sooner.
  priority smallint not null default 100 check (priority >= 0),
  max_parallel integer check (max_parallel > 0),
  trials integer check (trials > 0),
  trials_created integer not null default 0 check (trials_created >= 0),
  max_failures smallint not null default 3 check (max_failures > 0),
  max_losses smallint not null default 5 check (max_losses > 0),
  trial_time interval check (trial_time > interval '0'),
  objective_metric text check (objective_metric <> ''),
  objective_split unroll_internal.split,
  objective_goal unroll_internal.goal,
  seed bigint not null default 0 check (seed >= 0),
  error text,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz,
  finished_at timestamptz,
  check (trials_created <= trials or trials_created = 0),
  check (state not in ('active', 'finished') or (trials is not null and activated_at is not null
    and objective_metric is not null and objective_split is not null
    and objective_goal is not null)),
  check ((state = 'refused') = (error is not null)),
  check ((state in ('refused', 'finished', 'cancelled')) = (finished_at is not null))
);
create index sweep_dataset on unroll_internal.sweep (dataset_id);
create index sweep_open on unroll_internal.sweep (queue, id) where state in ('submitted', 'active');

-- A trial never changes; what changes is its row in status.
create table unroll_internal.trial (
  id bigint generated always as identity primary key,
  sweep_id bigint not null references unroll_internal.sweep,
  number integer not null check (number >= 0),
  params jsonb not null check (jsonb_typeof(params) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  unique (sweep_id, number)
);

-- Why something was done, by whom it was decided in words, for ever.
create table unroll_internal.decision (
  id bigint generated always as identity primary key,
  sweep_id bigint not null references unroll_internal.sweep,
  trial_id bigint references unroll_internal.trial,
  kind text not null check (kind <> ''),
  reason text not null check (reason <> ''),
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  at timestamptz not null default clock_timestamp()
);
create index decision_sweep on unroll_internal.decision (sweep_id, id);
create index decision_trial on unroll_internal.decision (trial_id, id) where trial_id is not null;

-- What a method without learning reaches on the same data.
create table unroll_internal.baseline (
  sweep_id bigint not null references unroll_internal.sweep,
  name text not null check (name <> ''),
  split unroll_internal.split not null,
  metric text not null check (metric <> ''),
  value double precision not null,
  primary key (sweep_id, name, split, metric)
);
