-- Predictions of a series with times say which, so that residuals can be read, and joined, over time.

alter table unroll_internal.prediction
  -- Seconds since 1970 by the clock of the data.
  add column times bigint[],
  add check (coalesce(cardinality(times), cardinality(examples)) = cardinality(examples));

drop function unroll_internal.write_predictions(
  bigint, text, integer[], integer[], integer[], double precision[], double precision[],
  double precision[], double precision[], double precision[], double precision[]);

-- As before, with times. Writes nothing if the trial fell out, or never came in, in the same transaction.
create function unroll_internal.write_predictions(
  p_trial bigint, p_split text, p_examples integer[], p_positions integer[], p_steps integer[],
  p_times bigint[], p_truths double precision[], p_predictions double precision[],
  p_probabilities double precision[], p_lowers double precision[], p_uppers double precision[],
  p_losses double precision[])
returns void language sql as $$
  insert into unroll_internal.prediction (trial_id, split, examples, positions, steps, times, truths,
    predictions, probabilities, lowers, uppers, losses)
  select p.trial_id, p_split::unroll_internal.split, p_examples, p_positions, p_steps, p_times,
    p_truths, p_predictions, p_probabilities::real[], p_lowers, p_uppers, p_losses::real[]
  from unroll_internal.predicted p where p.trial_id = p_trial
$$;
