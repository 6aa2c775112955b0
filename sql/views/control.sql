-- Lock order everywhere: sweep, ready, status by trial. A sweep is locked FOR NO KEY UPDATE: what
-- inserts a decision holds its status row and takes a key share of the sweep, and must not wait.

-- Who waits for a lock must see what was written meanwhile.
create or replace function unroll_internal.refuse_snapshot()
returns void language plpgsql as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    perform unroll_internal.refuse('transaction', current_setting('transaction_isolation'),
      'read committed');
  end if;
end $$;

-- Who holds a sweep or a trial and falls silent inside a transaction holds up its workers: such a session
-- is ended.
create or replace function unroll_internal.limit_silence()
returns void language plpgsql as $$
begin
  perform set_config('idle_in_transaction_session_timeout', '30s', true)
    from pg_settings s
    where s.name = 'idle_in_transaction_session_timeout' and s.setting::bigint not between 1 and 30000;
end $$;

create or replace function unroll_internal.lock_sweep(p_sweep bigint)
returns unroll_internal.sweep language plpgsql as $$
declare
  locked unroll_internal.sweep;
begin
  perform unroll_internal.refuse_snapshot();
  perform unroll_internal.limit_silence();
  select s.* into locked from unroll_internal.sweep s where s.id = p_sweep
    for no key update;
  if not found then
    perform unroll_internal.refuse('sweep', coalesce(p_sweep::text, 'nothing'),
      'the id of a sweep in unroll.sweeps');
  end if;
  return locked;
end $$;

create or replace function unroll_internal.lock_trial(p_trial bigint)
returns unroll_internal.status language plpgsql as $$
declare
  locked unroll_internal.status;
begin
  perform unroll_internal.refuse_snapshot();
  perform unroll_internal.limit_silence();
  select s.* into locked from unroll_internal.status s where s.trial_id = p_trial for update;
  if not found then
    perform unroll_internal.refuse('trial', coalesce(p_trial::text, 'nothing'),
      'the id of a trial in unroll.trials');
  end if;
  return locked;
end $$;

create or replace function unroll_internal.tell(
  p_sweep bigint, p_trial bigint, p_kind text, p_reason text)
returns void language sql as $$
  insert into unroll_internal.decision (sweep_id, trial_id, kind, reason, details)
  values (p_sweep, p_trial, p_kind, p_reason, jsonb_build_object('by', current_user))
$$;

create or replace function unroll.cancel(sweep bigint)
returns text language plpgsql as $$
declare
  locked unroll_internal.sweep := unroll_internal.lock_sweep(cancel.sweep);
begin
  if locked.state in ('refused', 'finished', 'cancelled') then
    return locked.state;
  end if;
  update unroll_internal.sweep
    set state = 'cancelled', finished_at = clock_timestamp() where id = locked.id;
  -- Waits for a claim that is under way, whose trials are then seen as leased below.
  delete from unroll_internal.ready where sweep_id = locked.id;
  perform 1 from unroll_internal.status s
    where s.sweep_id = locked.id and s.state < 'succeeded' order by s.trial_id for update;
  update unroll_internal.status s
    set state = 'cancelled', finished_at = clock_timestamp()
    where s.sweep_id = locked.id and s.state in ('queued', 'blocked');
  update unroll_internal.status s
    set cancel_requested_at = coalesce(s.cancel_requested_at, clock_timestamp())
    where s.sweep_id = locked.id and s.state = 'leased';
  perform unroll_internal.tell(locked.id, null, 'cancel', 'cancelled by ' || current_user);
  return 'cancelled';
end $$;
comment on function unroll.cancel(bigint) is
  'Cancels a sweep: waiting trials end at once, running ones at their worker''s next heartbeat. '
  'Returns the state of the sweep; one that is over already stays as it is.';

create or replace function unroll.cancel_trial(trial bigint)
returns text language plpgsql as $$
declare
  owner bigint;
  locked unroll_internal.status;
begin
  select s.sweep_id into owner from unroll_internal.status s where s.trial_id = cancel_trial.trial;
  if found then
    -- A refill under way may be about to put the trial into the window.
    perform unroll_internal.lock_sweep(owner);
  end if;
  delete from unroll_internal.ready where trial_id = cancel_trial.trial;
  locked := unroll_internal.lock_trial(cancel_trial.trial);
  if locked.state >= 'succeeded' then
    return locked.state;
  end if;
  perform unroll_internal.tell(
    locked.sweep_id, locked.trial_id, 'cancel', 'cancelled by ' || current_user);
  if locked.state = 'leased' then
    update unroll_internal.status
      set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
      where trial_id = locked.trial_id;
    return 'cancelling';
  end if;
  update unroll_internal.status
    set state = 'cancelled', finished_at = clock_timestamp() where trial_id = locked.trial_id;
  return 'cancelled';
end $$;
comment on function unroll.cancel_trial(bigint) is
  'Cancels one trial: cancelled at once when it waits, cancelling while its worker is told. '
  'Returns its state; a trial that is over already stays as it is.';

create or replace function unroll.pause(sweep bigint)
returns boolean language plpgsql as $$
declare
  locked unroll_internal.sweep := unroll_internal.lock_sweep(pause.sweep);
begin
  if locked.paused or locked.state not in ('submitted', 'active') then
    return false;
  end if;
  update unroll_internal.sweep set paused = true where id = locked.id;
  delete from unroll_internal.ready where sweep_id = locked.id;
  perform unroll_internal.tell(locked.id, null, 'pause', 'paused by ' || current_user);
  return true;
end $$;
comment on function unroll.pause(bigint) is
  'No further trial of the sweep starts; what runs, runs on. False when there was nothing to do.';

create or replace function unroll.resume(sweep bigint)
returns boolean language plpgsql as $$
declare
  locked unroll_internal.sweep := unroll_internal.lock_sweep(resume.sweep);
begin
  if not locked.paused then
    return false;
  end if;
  update unroll_internal.sweep set paused = false where id = locked.id;
  perform unroll_internal.tell(locked.id, null, 'resume', 'resumed by ' || current_user);
  return true;
end $$;
comment on function unroll.resume(bigint) is
  'Trials of a paused sweep start again. False when it was not paused.';

-- Refuses sweeps whose trials cannot be queued again: what they would be stopped for at once, and
-- populations that have gone on without them.
create or replace function unroll_internal.refuse_requeue(
  p_sweep unroll_internal.sweep, p_field text, p_subject text)
returns void language plpgsql as $$
declare
  spent text := case
    when p_sweep.stopped is not null then p_sweep.stopped
    -- One that is active is about to be stopped, with what is queued.
    when p_sweep.state = 'active' then null
    when p_sweep.deadline <= clock_timestamp()
      then format('its deadline %s is over', p_sweep.deadline)
    when p_sweep.activated_at + p_sweep.wall_time <= clock_timestamp()
      then format('its wall time of %s is over', p_sweep.wall_time) end;
begin
  if p_sweep.state not in ('active', 'finished') then
    perform unroll_internal.refuse(p_field, format('%s, which is %s', p_subject, p_sweep.state),
      'one that is active or finished');
  end if;
  if p_sweep.state = 'active' and coalesce(p_sweep.spec #>> '{search,sampler}', '') = 'pbt' then
    perform unroll_internal.refuse(p_field,
      format('%s, whose population goes on without what failed', p_subject),
      'a population that has finished');
  end if;
  if spent is not null then
    perform unroll_internal.refuse(p_field, format('%s, which was stopped: %s',
      p_subject, spent), 'one whose time is not used up');
  end if;
  if (select count(*) from unroll_internal.trial t where t.sweep_id = p_sweep.id)
      < p_sweep.trials_created then
    perform unroll_internal.refuse(p_field, format('%s, some of whose trials are deleted',
      p_subject), 'one that is kept whole');
  end if;
end $$;

-- Trials of a locked sweep back into the queue, from their last checkpoints; tokens count on. Its search
-- has counted them as failed, or will at their next leg, and goes on without them: they are trained to
-- their end.
create or replace function unroll_internal.requeue(
  p_sweep unroll_internal.sweep, p_trials bigint[])
returns void language plpgsql as $$
begin
  update unroll_internal.status
    set state = 'queued', failures = 0, losses = 0, finished_at = null, error = null,
      until = null, run_at = clock_timestamp()
    where trial_id = any (p_trials);
  update unroll_internal.sweep
    set state = 'active', finished_at = null, metrics_deleted_at = null, metrics_deleted_to = 0
    where id = p_sweep.id;
  perform unroll_internal.tell(p_sweep.id, t.id, 'retry', 'asked for by ' || current_user)
    from unnest(p_trials) with ordinality t(id, place) order by t.place;
end $$;

create or replace function unroll.retry(trial bigint)
returns text language plpgsql as $$
declare
  owner bigint;
  swept unroll_internal.sweep;
  locked unroll_internal.status;
begin
  select s.sweep_id into owner from unroll_internal.status s where s.trial_id = retry.trial;
  if found then
    swept := unroll_internal.lock_sweep(owner);
  end if;
  locked := unroll_internal.lock_trial(retry.trial);
  if locked.state not in ('failed', 'cancelled') then
    perform unroll_internal.refuse('trial',
      format('trial %s, which is %s', locked.trial_id, locked.state),
      'a trial that failed or was cancelled');
  end if;
  perform unroll_internal.refuse_requeue(swept, 'trial',
    format('trial %s of sweep %s', locked.trial_id, swept.id));
  perform unroll_internal.requeue(swept, array[locked.trial_id]);
  return 'queued';
end $$;
comment on function unroll.retry(bigint) is
  'Queues a trial again that failed or was cancelled, with its counts of failures and losses '
  'cleared. It goes on from its last checkpoint. Returns its state.';

create or replace function unroll.retry_failed(sweep bigint)
returns integer language plpgsql as $$
declare
  locked unroll_internal.sweep := unroll_internal.lock_sweep(retry_failed.sweep);
  failed bigint[];
begin
  perform unroll_internal.refuse_requeue(locked, 'sweep', format('sweep %s', locked.id));
  failed := array(
    select s.trial_id from unroll_internal.status s
    where s.sweep_id = locked.id and s.state = 'failed' order by s.trial_id for update);
  if cardinality(failed) > 0 then
    perform unroll_internal.requeue(locked, failed);
  end if;
  return cardinality(failed);
end $$;
comment on function unroll.retry_failed(bigint) is
  'Queues every failed trial of a sweep again and returns how many there were.';

create or replace function unroll.set_owner(
  name text, weight double precision default 1, max_parallel integer default null)
returns void language plpgsql as $$
begin
  perform unroll_internal.refuse_snapshot();
  perform unroll_internal.limit_silence();
  if name is null or name = '' then
    perform unroll_internal.refuse('name', 'nothing', 'the name of a database role');
  end if;
  if weight is null or not weight between 0.001 and 1000 then
    perform unroll_internal.refuse('weight', coalesce(weight::text, 'nothing'),
      'a number from 0.001 to 1000');
  end if;
  if max_parallel < 1 then
    perform unroll_internal.refuse('max_parallel', max_parallel::text,
      'a whole number from 1, or NULL');
  end if;
  insert into unroll_internal.owner as o (name, weight, max_parallel)
    values (set_owner.name, set_owner.weight, set_owner.max_parallel)
    on conflict on constraint owner_pkey do update
      set weight = excluded.weight, max_parallel = excluded.max_parallel;
  -- What waits in the window came there by the old ones. The scheduler passes over sweeps that are held.
  perform 1 from unroll_internal.sweep s
    where s.owner = set_owner.name and s.state = 'active' order by s.id for no key update;
  delete from unroll_internal.ready r using unroll_internal.sweep s
    where s.id = r.sweep_id and s.owner = set_owner.name;
end $$;
comment on function unroll.set_owner(text, double precision, integer) is
  'Says which share of the machines the sweeps of a database role get beside those of others '
  '(1 when nothing is said), and how many of its trials run at one time at most.';

-- A value at a path of nested objects, which are made where they are missing.
create or replace function unroll_internal.with_value(p_spec jsonb, p_path text[], p_value jsonb)
returns jsonb language sql immutable as $$
  select case
    when cardinality(p_path) = 1 then
      case when p_value = 'null' then p_spec - p_path[1]
        else p_spec || jsonb_build_object(p_path[1], p_value) end
    else p_spec || jsonb_build_object(p_path[1], unroll_internal.with_value(
      case jsonb_typeof(p_spec -> p_path[1]) when 'object' then p_spec -> p_path[1] else '{}' end,
      p_path[2:], p_value)) end
$$;

-- Gives a locked sweep the specification that stands in it, after a change of one key; and where that says
-- nothing of the number of trials, the number that stands in it.
create or replace function unroll_internal.respecify(locked unroll_internal.sweep, p_key text)
returns void language plpgsql as $$
begin
  update unroll_internal.sweep s
    set spec = locked.spec, asked = coalesce(s.asked, s.spec), revision = s.revision + 1,
      priority = coalesce(unroll_internal.whole_number(locked.spec, '{priority}', 0, 32767), 100),
      weight = coalesce(unroll_internal.plain_number(locked.spec, '{weight}', 0.001, 1000), 1),
      trials = case when p_key = 'trials' or s.state = 'submitted'
        then coalesce(
          unroll_internal.whole_number(locked.spec, '{trials}', 1, 10000000), locked.trials)
        else s.trials end,
      max_parallel =
        unroll_internal.whole_number(locked.spec, '{limits,max_parallel}', 1, 1000000),
      trial_time = unroll_internal.plain_number(locked.spec, '{limits,trial_time}', 0.001, 1e8)
        * interval '1 s',
      cpu_time = unroll_internal.plain_number(locked.spec, '{limits,cpu_time}', 0.001, 1e10)
        * interval '1 s',
      wall_time = unroll_internal.plain_number(locked.spec, '{limits,wall_time}', 0.001, 1e9)
        * interval '1 s',
      deadline = unroll_internal.moment(locked.spec, '{limits,deadline}')
    where s.id = locked.id;
  -- What waits in the window came there by the old ones.
  if p_key in ('priority', 'limits.max_parallel') then
    delete from unroll_internal.ready r where r.sweep_id = locked.id;
  end if;
end $$;

create or replace function unroll.set(sweep bigint, key text, value jsonb)
returns void language plpgsql as $$
declare
  locked unroll_internal.sweep := unroll_internal.lock_sweep(set.sweep);
  path text[] := string_to_array(set.key, '.');
  former jsonb := locked.spec #> path;
  -- A number alone pins a parameter: it stays in the space, with one value.
  wanted jsonb := set.value;
  allowed constant text := 'priority, weight, trials, try, limits.max_parallel, limits.cpu_time, '
    'limits.wall_time, limits.deadline, limits.trial_time, or the path of a searched parameter';
begin
  if locked.state not in ('submitted', 'active') then
    perform unroll_internal.refuse('sweep', format('sweep %s, which is %s', locked.id, locked.state),
      'a sweep that is submitted or active');
  end if;
  if wanted is null then
    perform unroll_internal.refuse('value', 'nothing', 'a value');
  end if;
  if coalesce(set.key, '') = '' then
    perform unroll_internal.refuse('key', 'nothing', allowed);
  end if;
  if set.key in ('priority', 'weight', 'trials') and wanted = 'null' then
    perform unroll_internal.refuse(set.key, 'nothing', 'a number');
  end if;
  if set.key = 'try' then
    if jsonb_typeof(wanted) <> 'array' then
      perform unroll_internal.refuse('try', left(wanted::text, 60), 'a list of points');
    end if;
    wanted := coalesce(former, '[]') || wanted;
  elsif set.key = 'trials' and locked.legs > 0 and (
      coalesce(locked.spec #>> '{stop,rule}', locked.spec ->> 'stop') in ('halving', 'hyperband')
      or locked.spec #>> '{search,sampler}' = 'pbt'
      or locked.spec #>> '{search,order}' = 'deterministic') then
    -- What was decided counted on their number, and is decided again when a search is rebuilt.
    perform unroll_internal.refuse('key', '"trials"',
      'another budget for a search other than halving, hyperband, pbt and order: deterministic');
  elsif locked.legs > 0 and locked.spec #>> '{search,sampler}' = 'pbt'
      and path[1] in ('model', 'training') then
    perform unroll_internal.refuse('key', to_jsonb(set.key)::text,
      'a range before the first trial of a population is made');
  elsif set.key not in ('priority', 'weight', 'trials', 'limits.max_parallel', 'limits.cpu_time',
      'limits.wall_time', 'limits.deadline', 'limits.trial_time') then
    if former is null or jsonb_typeof(former) <> 'object' or path[1] not in ('model', 'training')
      -- What is searched says what may be drawn.
      or not former ?| array['choice', 'ordinal', 'uniform', 'log_uniform', 'normal', 'log_normal',
        'int', 'int_log', 'step'] then
      perform unroll_internal.refuse('key', to_jsonb(set.key)::text, allowed);
    end if;
    if locked.spec #>> '{search,sampler}' = 'grid' or locked.spec ->> 'search' = 'grid' then
      perform unroll_internal.refuse('key', to_jsonb(set.key)::text,
        'the space of a sampler that is no grid: its points are numbered already');
    end if;
    if jsonb_typeof(wanted) <> 'object' then
      wanted := jsonb_build_object('choice', jsonb_build_array(wanted));
    end if;
    -- A parameter keeps the conditions under which it is there.
    if former ? 'when' and not wanted ? 'when' then
      wanted := wanted || jsonb_build_object('when', former -> 'when');
    end if;
  end if;
  locked.spec := unroll_internal.with_value(locked.spec, path, wanted);
  if unroll_internal.whole_number(locked.spec, '{trials}', 1, 10000000) < locked.trials_created then
    perform unroll_internal.refuse('trials', wanted::text,
      format('at least %s, the trials that exist', locked.trials_created));
  end if;
  perform unroll_internal.respecify(locked, set.key);
  insert into unroll_internal.decision (sweep_id, kind, reason, details)
    values (locked.id, 'set',
      format('%s: %s instead of %s, set by %s', set.key, wanted, coalesce(former::text, 'nothing'),
        current_user),
      jsonb_build_object('key', set.key, 'from', former, 'to', wanted, 'by', current_user,
        'trials', locked.trials));
end $$;
comment on function unroll.set(bigint, text, jsonb) is
  'Changes a sweep that is under way: priority, weight, trials, limits, a searched parameter (another '
  'distribution, or one value), or known points to add (try). Each change is a decision.';

-- Takes a change back with which the search of a sweep cannot be made: the newest one of what the reason
-- is about, or else of anything. What a value must be is known to the program, not to the database. False
-- when there is none; a sweep that is another one by now is to be looked at again.
drop function if exists unroll_internal.take_back(uuid, bigint, bigint, integer, text);
create or replace function unroll_internal.take_back(
  p_holder uuid, p_term bigint, p_sweep bigint, p_revision integer, p_reason text,
  p_path text default null)
returns boolean language plpgsql as $$
declare
  locked unroll_internal.sweep;
  change unroll_internal.decision;
begin
  perform unroll_internal.check_leadership('scheduler', p_holder, p_term);
  locked := unroll_internal.lock_sweep(p_sweep);
  if locked.state <> 'active' or locked.revision <> p_revision then
    return true;
  end if;
  select d.* into change from unroll_internal.decision d
    where d.sweep_id = p_sweep and d.kind = 'set'
      -- The database knows all that the others must be.
      and d.details ->> 'key' ~ '^(try$|trials$|model[.]|training[.])'
      and not exists (
        select from unroll_internal.decision b
        where b.sweep_id = p_sweep and b.kind = 'take_back'
          and b.details ->> 'decision' = d.id::text)
    -- A number of trials is hardly ever to blame.
    order by d.details ->> 'key' is not distinct from substring(p_path from '^[^[]*') desc,
      d.details ->> 'key' = 'trials', d.id desc limit 1;
  if not found then
    return false;
  end if;
  locked.spec := unroll_internal.with_value(locked.spec,
    string_to_array(change.details ->> 'key', '.'), coalesce(change.details -> 'from', 'null'));
  locked.trials := coalesce((change.details ->> 'trials')::integer, locked.trials);
  perform unroll_internal.respecify(locked, change.details ->> 'key');
  insert into unroll_internal.decision (sweep_id, kind, reason, details)
    values (p_sweep, 'take_back',
      format('%s: %s is taken back: %s', change.details ->> 'key', change.details -> 'to', p_reason),
      jsonb_build_object('key', change.details ->> 'key', 'decision', change.id));
  return true;
end $$;
