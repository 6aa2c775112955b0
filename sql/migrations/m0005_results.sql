create table unroll_internal.metric_name (
  id integer generated always as identity primary key,
  name text not null unique check (name ~ '^[a-z][a-z0-9_]{0,62}$')
);

-- One value of one metric at the end of one epoch. No foreign keys: the fence in front of every
-- write proves that the trial exists, and a check per row would cost more than the row.
create table unroll_internal.metric (
  trial_id bigint not null,
  epoch integer not null check (epoch >= 0),
  name_id integer not null,
  split unroll_internal.split not null,
  token integer not null check (token > 0),
  value double precision not null,
  primary key (trial_id, name_id, split, epoch)
) with (autovacuum_vacuum_insert_scale_factor = 0.05);

-- How a trial that succeeded ended. Its final metrics are its metric rows at best_epoch.
create table unroll_internal.result (
  trial_id bigint primary key references unroll_internal.trial,
  token integer not null,
  objective double precision not null,
  best_epoch integer not null check (best_epoch >= 0),
  epochs integer not null check (epochs >= best_epoch),
  training_seconds double precision not null check (training_seconds >= 0),
  foreign key (trial_id, token) references unroll_internal.attempt
);

create table unroll_internal.confusion (
  trial_id bigint not null references unroll_internal.trial,
  split unroll_internal.split not null,
  actual text not null,
  predicted text not null,
  token integer not null check (token > 0),
  count bigint not null check (count >= 0),
  primary key (trial_id, split, actual, predicted)
);

-- A checkpoint is visible to a claim only when it is complete.
create table unroll_internal.checkpoint (
  trial_id bigint not null references unroll_internal.trial,
  step bigint not null check (step >= 0),
  epoch integer not null check (epoch >= 0),
  token integer not null check (token > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes bigint not null check (bytes > 0),
  complete boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  primary key (trial_id, step),
  foreign key (trial_id, token) references unroll_internal.attempt
);

create table unroll_internal.checkpoint_chunk (
  trial_id bigint not null,
  step bigint not null,
  number integer not null check (number >= 0),
  sha256 bytea not null check (octet_length(sha256) = 32),
  content bytea not null check (octet_length(content) between 1 and 1048576),
  primary key (trial_id, step, number),
  foreign key (trial_id, step) references unroll_internal.checkpoint on delete cascade
);
alter table unroll_internal.checkpoint_chunk alter column content set storage external;

-- Immutable bytes that a trial produced.
create table unroll_internal.artifact (
  id bigint generated always as identity primary key,
  trial_id bigint not null references unroll_internal.trial,
  name text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$'),
  token integer not null check (token > 0),
  media_type text not null check (media_type ~ '^[^/ ]+/[^/ ]+$'),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes bigint not null check (bytes > 0),
  complete boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  unique (trial_id, name),
  foreign key (trial_id, token) references unroll_internal.attempt
);

create table unroll_internal.artifact_chunk (
  artifact_id bigint not null references unroll_internal.artifact on delete cascade,
  number integer not null check (number >= 0),
  sha256 bytea not null check (octet_length(sha256) = 32),
  content bytea not null check (octet_length(content) between 1 and 1048576),
  primary key (artifact_id, number)
);
alter table unroll_internal.artifact_chunk alter column content set storage external;
