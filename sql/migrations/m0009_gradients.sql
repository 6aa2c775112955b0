-- How gradients flow back through time, measured on a trial's own model and data.

-- One quantity of one layer, at the end of one epoch, so many steps before the end of a sequence.
create table unroll_internal.flow (
  trial_id bigint not null,
  epoch integer not null check (epoch >= 0),
  layer integer not null check (layer >= 0),
  measure text not null check (measure ~ '^[a-z_]{1,32}$'),
  lag integer not null check (lag >= 0),
  token integer not null check (token > 0),
  mean double precision not null,
  low double precision not null,
  median double precision not null,
  high double precision not null,
  primary key (trial_id, epoch, layer, measure, lag)
) with (autovacuum_vacuum_insert_scale_factor = 0.05);

create table unroll_internal.flow_verdict (
  trial_id bigint not null,
  epoch integer not null check (epoch >= 0),
  layer integer not null check (layer >= 0),
  token integer not null check (token > 0),
  verdict text not null check (verdict in ('vanishing', 'exploding', 'healthy')),
  reason text not null,
  lag integer not null check (lag >= 0),
  jacobian double precision not null,
  decay double precision not null,
  memory_steps double precision not null,
  spectral_radius double precision not null,
  norm_bound double precision,
  primary key (trial_id, epoch, layer)
);

-- Writing the same rows again changes nothing, so that a lost COMMIT answer is no trouble.
create function unroll_internal.write_flow(
  p_trial bigint, p_token integer, p_epochs integer[], p_layers integer[], p_measures text[],
  p_lags integer[], p_means double precision[], p_lows double precision[],
  p_medians double precision[], p_highs double precision[])
returns void language sql as $$
  insert into unroll_internal.flow
    (trial_id, epoch, layer, measure, lag, token, mean, low, median, high)
  select p_trial, r.epoch, r.layer, r.measure, r.lag, p_token, r.mean, r.low, r.median, r.high
  from unnest(p_epochs, p_layers, p_measures, p_lags, p_means, p_lows, p_medians, p_highs)
    r(epoch, layer, measure, lag, mean, low, median, high)
  on conflict (trial_id, epoch, layer, measure, lag) do update
    set token = excluded.token, mean = excluded.mean, low = excluded.low,
      median = excluded.median, high = excluded.high
$$;

create function unroll_internal.write_flow_verdict(
  p_trial bigint, p_token integer, p_epoch integer, p_layer integer, p_verdict text,
  p_reason text, p_lag integer, p_jacobian double precision, p_decay double precision,
  p_memory_steps double precision, p_spectral_radius double precision,
  p_norm_bound double precision)
returns void language sql as $$
  insert into unroll_internal.flow_verdict
    (trial_id, epoch, layer, token, verdict, reason, lag, jacobian, decay, memory_steps,
      spectral_radius, norm_bound)
  values (p_trial, p_epoch, p_layer, p_token, p_verdict, p_reason, p_lag, p_jacobian, p_decay,
    p_memory_steps, p_spectral_radius, p_norm_bound)
  on conflict (trial_id, epoch, layer) do update
    set token = excluded.token, verdict = excluded.verdict, reason = excluded.reason,
      lag = excluded.lag, jacobian = excluded.jacobian, decay = excluded.decay,
      memory_steps = excluded.memory_steps, spectral_radius = excluded.spectral_radius,
      norm_bound = excluded.norm_bound
$$;

-- A new lease, or one that goes back, forgets what was measured beyond its checkpoint, together with
-- the metrics there.
create function unroll_internal.forget_flow() returns trigger language plpgsql as $$
begin
  delete from unroll_internal.flow
    where trial_id = new.trial_id and epoch > coalesce(new.resumed_epoch, -1);
  delete from unroll_internal.flow_verdict
    where trial_id = new.trial_id and epoch > coalesce(new.resumed_epoch, -1);
  return null;
end $$;

create trigger forget_flow after insert or update of resumed_epoch on unroll_internal.attempt
  for each row execute function unroll_internal.forget_flow();
