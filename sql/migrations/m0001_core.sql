-- Private tables live in unroll_internal; what people and their programs read is in unroll.
create schema unroll_internal;
create schema unroll;

-- One row per applied migration. The highest version is the version of the database.
create table unroll_internal.migration (
  version integer primary key check (version > 0),
  name text not null unique,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  applied_at timestamptz not null default clock_timestamp()
);

-- The public views and functions are applied again whenever their text changes.
create table unroll_internal.interface (
  name text primary key,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  applied_at timestamptz not null default clock_timestamp()
);

create type unroll_internal.sweep_state as enum
  ('submitted', 'active', 'refused', 'finished', 'cancelled');
-- Terminal states come last, so that state >= 'succeeded' means that a trial is over.
create type unroll_internal.trial_state as enum
  ('blocked', 'queued', 'leased', 'succeeded', 'pruned', 'failed', 'cancelled');
create type unroll_internal.worker_state as enum ('alive', 'draining', 'dead');
create type unroll_internal.attempt_outcome as enum
  ('succeeded', 'pruned', 'failed', 'cancelled', 'released', 'lost');
create type unroll_internal.split as enum ('train', 'validation', 'test');
create type unroll_internal.goal as enum ('minimize', 'maximize');
