create or replace view unroll.gradient_flow as
select t.sweep_id, f.trial_id, t.number, f.epoch, f.layer, f.measure, f.lag, f.mean, f.low,
  f.median, f.high
from unroll_internal.flow f join unroll_internal.trial t on t.id = f.trial_id;
comment on view unroll.gradient_flow is
  'How gradients flow back through time, for trials of sweeps with a probe.';
comment on column unroll.gradient_flow.sweep_id is 'Sweep.';
comment on column unroll.gradient_flow.trial_id is 'Trial.';
comment on column unroll.gradient_flow.number is 'Number of the trial within the sweep.';
comment on column unroll.gradient_flow.epoch is 'Epoch after which it was measured.';
comment on column unroll.gradient_flow.layer is 'Layer, from 0.';
comment on column unroll.gradient_flow.measure is
  'state_gradient and memory_gradient: norm of the gradient of the loss by h and c; jacobian: largest singular value of the derivative of the last h by that h; gate_i, gate_f, gate_o, gate_r, gate_z: how far a gate is open.';
comment on column unroll.gradient_flow.lag is 'Steps before the last step of a sequence.';
comment on column unroll.gradient_flow.mean is 'Mean over sequences; of gates over units too.';
comment on column unroll.gradient_flow.low is
  'Tenth percentile; of gates the share that is below 0.1.';
comment on column unroll.gradient_flow.median is 'Median.';
comment on column unroll.gradient_flow.high is
  'Ninetieth percentile; of gates the share that is above 0.9.';

create or replace view unroll.gradient_verdicts as
select t.sweep_id, v.trial_id, t.number, v.epoch, v.layer, v.verdict, v.reason, v.lag,
  v.jacobian, v.decay, v.memory_steps, v.spectral_radius, v.norm_bound
from unroll_internal.flow_verdict v join unroll_internal.trial t on t.id = v.trial_id;
comment on view unroll.gradient_verdicts is
  'Whether gradients of a trial vanish, explode or are healthy, by layer and epoch.';
comment on column unroll.gradient_verdicts.sweep_id is 'Sweep.';
comment on column unroll.gradient_verdicts.trial_id is 'Trial.';
comment on column unroll.gradient_verdicts.number is 'Number of the trial within the sweep.';
comment on column unroll.gradient_verdicts.epoch is 'Epoch after which it was measured.';
comment on column unroll.gradient_verdicts.layer is 'Layer, from 0.';
comment on column unroll.gradient_verdicts.verdict is
  'exploding: a Jacobian above probe.exploding; vanishing: that of the longest lag below probe.vanishing; else healthy.';
comment on column unroll.gradient_verdicts.reason is 'The same in words.';
comment on column unroll.gradient_verdicts.lag is 'Longest lag that was measured.';
comment on column unroll.gradient_verdicts.jacobian is
  'Largest singular value of the derivative of the last h by the h so many steps before.';
comment on column unroll.gradient_verdicts.decay is 'Its factor in one step: jacobian ^ (1 / lag).';
comment on column unroll.gradient_verdicts.memory_steps is
  'Steps until a gradient has fallen by e; Infinity where it does not fall.';
comment on column unroll.gradient_verdicts.spectral_radius is
  'Largest modulus of an eigenvalue of the recurrent weights (of the candidate, with gates).';
comment on column unroll.gradient_verdicts.norm_bound is
  'Norm of the weights times the largest slope: bounds one step of a layer without gates.';
